import AlignmentSupport
import Distillation
import Foundation
import Models
import Records
import Shards
import TeacherStore
import TestSupport
import Testing
import Training

/// Training from the store of teacher outputs, without a teacher.
@Suite struct CachedTrainingTests {
    let folder = Fixtures.repository.appendingPathComponent("Tests/Fixtures/models/qwen2_siglip")

    /// Fills a store and opens it as a run does; `run` names the folder of the run's index.
    func outputs(
        _ settings: TeacherOutputSettings, _ dataset: ShardDataset, in folder: URL, run: String = "run",
        digest: String = "t", repair: CacheRepair? = nil, computed: (Int) -> Void = { _ in }
    ) throws -> CachedTeacher {
        let cache = Store(folder.appendingPathComponent("cache"))
        let keys = dataset.index.shards.map {
            Store.key(teacher: digest, shard: $0.rawSHA256, settings: settings)
        }
        let teacher = TeacherOutputs(try ModelFixture(self.folder).teacher())
        _ = try Filling(cache, claims: Claims(cache)).run(keys, from: 0) { number in
            computed(number)
            return (try teacher.shard(number, of: dataset, settings: settings), nil)
        }
        let entries = try zip(dataset.index.shards, keys).map {
            try #require(try cache.summary($1, shard: $0.file))
        }
        let out = folder.appendingPathComponent(run)
        try StoreIndex(
            teacher: digest, shards: dataset.digest, description: dataset.description, settings: settings,
            relevance: nil, entries: entries
        ).write(to: out)
        return try CachedTeacher(index: out, cache: cache, dataset: dataset, repair: repair)
    }

    func trainer(
        _ cached: CachedTeacher?, _ dataset: ShardDataset, weights: LossTerms, layer: Int = 1,
        large: Bool = false, withTeacher: Bool = false,
        _ change: (inout TrainingSettings) -> Void = { _ in }
    ) throws -> Trainer {
        let fixture = try ModelFixture(folder)
        var settings = TrainingSettings()
        (settings.weights, settings.candidates.count, settings.saliencyLayer) = (weights, 3, layer)
        (settings.batchSize, settings.optimizer.learningRate) = (5, 1e-3)
        (settings.steps, settings.seed) = (1, 9)
        change(&settings)
        return try Trainer(
            student: large
                ? try LlavaModel(
                    folder: self.folder.appendingPathComponent("teacher"), trainable: [.projector, .language])
                : try fixture.student(),
            teacher: cached == nil || withTeacher || weights.tpa != 0 ? try fixture.teacher() : nil,
            cached: cached, dataset: dataset, settings: settings,
            plan: TeacherPlan(settings.objective(), cache: cached?.index.settings.cachedOutputs))
    }

    func firstStep(
        _ cached: CachedTeacher?, _ dataset: ShardDataset, in folder: URL, weights: LossTerms, layer: Int = 1,
        large: Bool = false, withTeacher: Bool = false,
        _ change: (inout TrainingSettings) -> Void = { _ in }
    ) throws -> StepMetrics {
        var line: StepMetrics?
        let trainer = try trainer(
            cached, dataset, weights: weights, layer: layer, large: large, withTeacher: withTeacher, change)
        _ = try trainer.run(
            in: folder.appendingPathComponent(UUID().uuidString), run: "r",
            report: { if case .step(let found) = $0 { line = found } })
        return try #require(line)
    }

    let weights = LossTerms(sft: 1, iva: 1, kd: 1)
    let settings = TeacherOutputSettings(topK: 16, commonVocabulary: 272, saliencyLayer: 1)

    @Test func twoRunsShareOneTeacherPass() throws {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder)
            var computed = 0
            let first = try outputs(settings, dataset, in: folder, run: "sft-kd-iva") { _ in computed += 1 }
            let second = try outputs(settings, dataset, in: folder, run: "align-ti") { _ in computed += 1 }
            #expect(
                computed == dataset.index.shards.count
                    && first.index.entries.map(\.key) == second.index.entries.map(\.key))
            let (a, b) = (
                try firstStep(first, dataset, in: folder, weights: weights),
                try firstStep(second, dataset, in: folder, weights: weights)
            )
            #expect(a.terms == b.terms && a.terms.kd > 0 && a.terms.iva > 0)
        }
    }

    @Test func studentsOfTwoSizesShareOneTeacherPass() throws {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder)
            var computed = 0
            for large in [false, true] {
                let cached = try outputs(settings, dataset, in: folder, run: "\(large)") { _ in computed += 1
                }
                let step = try firstStep(cached, dataset, in: folder, weights: weights, large: large)
                // The teacher starts as its own student: what remains is the rounding of the cache.
                #expect(large ? step.terms.kd < 2e-3 : step.terms.kd > 0.01, "\(step.terms)")
                #expect(large ? step.terms.iva < 2e-3 : step.terms.iva > 0.01, "\(step.terms)")
            }
            #expect(computed == dataset.index.shards.count)
        }
    }

    @Test func withTheTeacherInTheLoopForTPAOnlyTheVisualRowsReadTheCache() throws {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder)
            let cached = try outputs(settings, dataset, in: folder)
            let all = LossTerms(sft: 1, iva: 1, kd: 1, tpa: 1)
            let (inLoop, mixed, fromCache) = (
                try firstStep(nil, dataset, in: folder, weights: all),
                try firstStep(cached, dataset, in: folder, weights: all),
                try firstStep(cached, dataset, in: folder, weights: weights)
            )
            #expect(
                abs(mixed.terms.kd - inLoop.terms.kd) < 1e-6 && abs(mixed.terms.tpa - inLoop.terms.tpa) < 1e-6
            )
            // Products of other sizes round differently on some processors.
            #expect(abs(mixed.terms.iva - fromCache.terms.iva) < 1e-6)
            #expect(mixed.terms.kd > fromCache.terms.kd)
            let outputs = cached.index.settings.cachedOutputs
            let plan = TeacherPlan(AlignmentObjective(weights: all, saliencyLayer: 1), cache: outputs)
            #expect(plan.kd == .loop && plan.iva == .cache && plan.alphas == .cache && plan.needsTeacher)
            let cheap = TeacherPlan(AlignmentObjective(weights: weights, saliencyLayer: 1), cache: outputs)
            #expect(cheap.kd == .cache && cheap.iva == .cache && !cheap.needsTeacher)
        }
    }

    @Test func aDamagedOrLostEntryIsComputedAgainByTheTeacherOfTheRun() throws {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder)
            let cache = Store(folder.appendingPathComponent("cache"))
            let teacher = self.folder.appendingPathComponent("teacher")
            let digest = try cache.digest(ofModel: teacher)
            nonisolated(unsafe) var repaired: [String] = []
            let repair = CacheRepair(teacher: teacher) { _, _ in
                TeacherOutputs(try ModelFixture(self.folder).teacher())
            } report: {
                repaired.append("\($0): \($1)")
            }
            let whole = try outputs(settings, dataset, in: folder, digest: digest)
            let expected = try (0..<dataset.count).map { try whole.sample($0).response }
            let paths = whole.index.entries.map { cache.path($0.key) }
            var bytes = [UInt8](try Data(contentsOf: paths[0]))
            bytes[bytes.count / 3] ^= 4
            try Data(bytes).write(to: paths[0])
            try FileManager.default.removeItem(at: paths[1])
            let index = folder.appendingPathComponent("run")
            #expect { try CachedTeacher(index: index, cache: cache, dataset: dataset) } throws: {
                "\($0)".contains("--teacher")
            }
            let mended = try CachedTeacher(index: index, cache: cache, dataset: dataset, repair: repair)
            #expect(try (0..<dataset.count).map { try mended.sample($0).response } == expected)
            #expect(
                repaired.count == 2 && repaired[0].contains("SHA-256") && repaired[1].contains("not there"))
            #expect(try cache.entry(whole.index.entries[0].key) != nil)
            // Another teacher must not fill this one's entries.
            try FileManager.default.removeItem(at: paths[1])
            let other = CacheRepair(teacher: self.folder.appendingPathComponent("student")) { _, _ in
                TeacherOutputs(try ModelFixture(self.folder).student())
            } report: { _, _ in
            }
            let refusing = try CachedTeacher(index: index, cache: cache, dataset: dataset, repair: other)
            let row = dataset.index.shards[0].samples
            #expect { try refusing.sample(row) } throws: { "\($0)".contains("give the teacher") }
        }
    }

    /// Merging the tail cannot raise a divergence (data processing); what it loses is the tail's mass times
    /// the divergence within it.
    @Test(arguments: [16, 64]) func theTopIdsLoseAtMostWhatTheReportedTailAllows(topK: Int) throws {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder)
            var settings = settings
            settings.topK = topK
            let cached = try outputs(settings, dataset, in: folder)
            let (inLoop, fromCache) = (
                try firstStep(nil, dataset, in: folder, weights: weights),
                try firstStep(cached, dataset, in: folder, weights: weights)
            )
            let worst = cached.index.entries.map(\.worstTailMass).max() ?? 0
            #expect(worst > 0.1 && worst < 1)  // a random teacher over 272 ids: much is in the tail
            // Two random networks differ by less than 2 nats within the tail; alpha adds up to less than 1 a
            // sample.
            for (dense, kept) in [
                (inLoop.terms.kd, fromCache.terms.kd), (inLoop.terms.iva, fromCache.terms.iva),
            ] {
                #expect(
                    dense - kept > -2e-3 && dense - kept < worst * 2, "\(kept) of \(dense), tail \(worst)")
            }
            #expect(inLoop.terms.kd - fromCache.terms.kd > 1e-3, "the tail must be seen to be lost")
            #expect(fromCache.terms.sft == inLoop.terms.sft)
        }
    }

    /// 400 draws at each of some 60 positions: standard error of a step's KD about 1 %.
    @Test func drawsGiveTheLossesOfTheTeacherInTheLoop() throws {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder)
            var sampled = settings
            (sampled.encoding, sampled.samples) = (.sampled, 400)
            let cached = try outputs(sampled, dataset, in: folder)
            let (inLoop, fromCache) = (
                try firstStep(nil, dataset, in: folder, weights: weights),
                try firstStep(cached, dataset, in: folder, weights: weights)
            )
            #expect(abs(inLoop.terms.kd - fromCache.terms.kd) < 0.1 * inLoop.terms.kd && inLoop.terms.kd > 0)
            #expect(
                abs(inLoop.terms.iva - fromCache.terms.iva) < 0.1 * inLoop.terms.iva && inLoop.terms.iva > 0)
        }
    }

    @Test func aCutOfTheVisualTokensLowersIVAToTheirShareAndLeavesTheRest() throws {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder)
            var cut = settings
            cut.saliencyMass = 0.5
            let whole = try firstStep(
                try outputs(settings, dataset, in: folder), dataset, in: folder, weights: weights)
            let part = try firstStep(
                try outputs(cut, dataset, in: folder, run: "cut"), dataset, in: folder, weights: weights)
            // Products of other sizes round differently on some processors.
            #expect(abs(part.terms.kd - whole.terms.kd) < 1e-6)
            #expect(abs(part.terms.sft - whole.terms.sft) < 1e-6)
            #expect(part.terms.iva < 0.9 * whole.terms.iva && part.terms.iva > 0.2 * whole.terms.iva)
        }
    }

    /// Targets from the cache; weights of any source, of another layer from the teacher in the loop.
    @Test func visualWeightsOfEverySourceWorkFromTheCache() throws {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder)
            var all = settings
            all.topK = nil
            let cached = try outputs(all, dataset, in: folder)
            for (source, layer) in [(SaliencySource.uniform, 0), (.student, 1), (.teacher, 0), (.teacher, 2)]
            {
                func step(_ cached: CachedTeacher?) throws -> StepMetrics {
                    try firstStep(
                        cached, dataset, in: folder, weights: weights, layer: layer,
                        withTeacher: source == .teacher
                    ) { $0.saliencySource = source }
                }
                let (inLoop, fromCache) = (try step(nil), try step(cached))
                #expect(
                    abs(inLoop.terms.iva - fromCache.terms.iva) < 2e-3 && inLoop.terms.iva > 0,
                    "\(source) \(layer)")
            }
        }
    }
}
