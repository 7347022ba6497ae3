import AlignmentSupport
import Distillation
import Files
import Foundation
import Models
import Records
import Shards
import TeacherStore
import Tensors
import TestSupport
import Testing
import Training

@Suite struct TrainerTests {
    private let folder = Fixtures.repository.appendingPathComponent("Tests/Fixtures/models/qwen2_siglip")

    private func settings(_ weights: LossTerms = ModelFixture.all, steps: Int = 6) -> TrainingSettings {
        var settings = TrainingSettings()
        (settings.weights, settings.candidates.count, settings.saliencyLayer) = (weights, 3, 1)
        (settings.batchSize, settings.optimizer.learningRate, settings.steps) = (5, 1e-3, steps)
        settings.microBatchRows = 120  // two or three micro-batches a step
        settings.seed = 9
        settings.stateEvery = 100
        return settings
    }

    private func trainer(
        _ dataset: ShardDataset, _ settings: TrainingSettings, cached: CachedTeacher? = nil,
        withTeacher: Bool = true, precision: Precision = .fp32
    ) throws -> Trainer {
        let fixture = try ModelFixture(folder)
        return try Trainer(
            student: try fixture.student(precision: precision),
            teacher: withTeacher ? try fixture.teacher(precision: precision) : nil,
            cached: cached, dataset: dataset, settings: settings,
            plan: TeacherPlan(settings.objective(), cache: cached?.index.settings.cachedOutputs))
    }

    private func weights(_ trainer: Trainer) -> [[Float]] {
        trainer.student.parameters().map { $0.value.data.values }
    }

    private func withDataset(_ body: (ShardDataset, URL) throws -> Void) throws {
        try withTemporaryFolder { folder in try body(try tinyDataset(in: folder), folder) }
    }

    @Test func halfAStepIsDroppedAndTheStepsBeforeItAreSaved() throws {
        try withDataset { dataset, folder in
            let straight = try trainer(dataset, settings())
            #expect(try straight.run(in: folder.appendingPathComponent("straight"), run: "r"))
            let out = folder.appendingPathComponent("halted")
            nonisolated(unsafe) let halted = try trainer(dataset, settings())
            let begun = DispatchSemaphore(value: 0)
            // It stays where it is halted, as in a process that ends.
            let thread = Thread {
                _ = try? halted.run(
                    in: out, run: "r",
                    report: { if case .step(let line) = $0, line.step == 2 { begun.signal() } })
            }
            thread.start()
            begun.wait()
            let steps = try #require(try halted.saveAndHalt())
            #expect((3...6).contains(steps) && !halted.isFinished)
            let resumed = try trainer(dataset, settings())
            var first: Int?
            #expect(
                try resumed.run(
                    in: out, run: "r", report: { if case .resumed(let step) = $0 { first = step } }))
            #expect(first == steps && weights(resumed) == weights(straight))
        }
    }

    /// What a process says that is told to end while nothing is computed any more, or yet.
    @Test func whoeverHaltsBesideTheStepsIsToldHowManyAreSaved() throws {
        try withDataset { dataset, folder in
            let trainers = try (0..<3).map { _ in try trainer(dataset, settings()) }
            #expect(try trainers[0].saveAndHalt() == nil && !trainers[0].isFinished)
            var done = 0
            _ = try trainers[1].run(
                in: folder.appendingPathComponent("stopped"), run: "r", stop: { done >= 2 },
                report: { if case .step = $0 { done += 1 } })
            #expect(try trainers[1].saveAndHalt() == 2 && !trainers[1].isFinished)
            _ = try trainers[2].run(in: folder.appendingPathComponent("whole"), run: "r")
            #expect(try trainers[2].saveAndHalt() == nil && trainers[2].isFinished)
        }
    }

    @Test(arguments: Precision.allCases) func resumingAtAnyStepEqualsTrainingStraightThrough(
        precision: Precision
    ) throws {
        try withDataset { dataset, folder in
            let straight = try trainer(dataset, settings(), precision: precision)
            #expect(try straight.run(in: folder.appendingPathComponent("straight"), run: "r"))
            let out = folder.appendingPathComponent("resumed")
            for stopAfter in [2, 3] {  // stops after 2 steps, goes on and stops after 3 more
                var done = 0
                let part = try trainer(dataset, settings(), precision: precision)
                let finished = try part.run(
                    in: out, run: "r", stop: { done >= stopAfter },
                    report: { if case .step = $0 { done += 1 } })
                #expect(!finished && done == stopAfter)
            }
            let last = try trainer(dataset, settings(), precision: precision)
            #expect(try last.run(in: out, run: "r"))
            #expect(weights(last) == weights(straight))
            func lines(_ name: String) throws -> [[String: Double]] {
                struct Line: Decodable { let step: Double, loss: Double, gradient_norm: Double }
                let text = try String(
                    contentsOf: folder.appendingPathComponent("\(name)/metrics.jsonl"), encoding: .utf8)
                return try text.split(separator: "\n").map {
                    let line = try JSONDecoder().decode(Line.self, from: Data($0.utf8))
                    return ["step": line.step, "loss": line.loss, "norm": line.gradient_norm]
                }
            }
            #expect(try lines("resumed") == lines("straight"))
            #expect(try lines("straight").count == 6)
        }
    }

    @Test func theStateOfAnotherRunIsRefusedByName() throws {
        try withDataset { dataset, folder in
            let first = try trainer(dataset, settings())
            _ = try first.run(in: folder, run: "one", stop: { true })
            let second = try trainer(dataset, settings())
            #expect { try second.run(in: folder, run: "two") } throws: {
                "\($0)".contains("state.safetensors")
            }
        }
    }

    @Test func theSizeOfMicroBatchesDoesNotChangeTheStep() throws {
        try withDataset { dataset, folder in
            var whole = settings(LossTerms(sft: 1, iva: 1, kd: 1), steps: 2)
            whole.microBatchRows = 100_000
            var parts = whole
            parts.microBatchRows = 1  // a micro-batch a sample
            let (a, b) = (try trainer(dataset, whole), try trainer(dataset, parts))
            _ = try a.run(in: folder.appendingPathComponent("a"), run: "r")
            _ = try b.run(in: folder.appendingPathComponent("b"), run: "r")
            // Adam divides by the gradient's own size, so rounding shows: golden parameters have 5e-4 too.
            for (x, y) in zip(weights(a), weights(b)) { #expect(difference(x, y).difference < 5e-4) }
            #expect(
                weights(a)
                    != (try ModelFixture(self.folder).student().parameters().map { $0.value.data.values }))
        }
    }

    @Test func twoReplicasTakeTheStepsOfOne() throws {
        try withDataset { dataset, folder in
            let one = settings(steps: 2)
            var two = one
            two.replicas = 2
            let (a, b) = (try trainer(dataset, one), try trainer(dataset, two))
            _ = try a.run(in: folder.appendingPathComponent("a"), run: "r")
            _ = try b.run(in: folder.appendingPathComponent("b"), run: "r")
            for (x, y) in zip(weights(a), weights(b)) { #expect(difference(x, y).difference < 5e-4) }
            let again = try trainer(dataset, two)
            _ = try again.run(in: folder.appendingPathComponent("again"), run: "r")
            #expect(weights(again) == weights(b))
        }
    }

    @Test func trainingFromTheCacheWithAllIdsIsTrainingWithTheTeacherInTheLoop() throws {
        try withDataset { dataset, folder in
            let fixture = try ModelFixture(self.folder)
            let teacher = try fixture.teacher()
            let common = try fixture.student().language.vocabularySize
            let outputs = TeacherOutputSettings(topK: nil, commonVocabulary: common, saliencyLayer: 1)
            let cache = Store(folder.appendingPathComponent("cache"))
            let entries = try dataset.index.shards.enumerated().map { number, shard in
                let key = Store.key(teacher: "t", shard: shard.rawSHA256, settings: outputs)
                try cache.write(
                    TeacherOutputs(teacher).shard(number, of: dataset, settings: outputs), key: key)
                return try #require(try cache.summary(key, shard: shard.file))
            }
            try StoreIndex(
                teacher: "t", shards: dataset.digest, settings: outputs, relevance: nil, entries: entries
            ).write(to: folder)
            let cached = try CachedTeacher(index: folder, cache: cache, dataset: dataset)
            func firstStep(_ cached: CachedTeacher?, _ weights: LossTerms) throws -> StepMetrics {
                var line: StepMetrics?
                let trainer = try trainer(
                    dataset, settings(weights, steps: 1), cached: cached,
                    withTeacher: cached == nil || weights.tpa != 0)
                _ = try trainer.run(
                    in: folder.appendingPathComponent(UUID().uuidString), run: "r",
                    report: { if case .step(let found) = $0 { line = found } })
                return try #require(line)
            }
            for weights in [LossTerms(sft: 1, iva: 1, kd: 1), ModelFixture.all] {
                let (inLoop, fromCache) = (try firstStep(nil, weights), try firstStep(cached, weights))
                #expect(
                    inLoop.terms.sft == fromCache.terms.sft
                        && abs(inLoop.terms.tpa - fromCache.terms.tpa) < 1e-6)
                // fp16 log-probabilities carry 11 bits: 2^-11 of log-probabilities up to 8 is .004 a token,
                // less in the mean.
                #expect(abs(inLoop.terms.kd - fromCache.terms.kd) < 2e-3 && inLoop.terms.kd > 0)
                #expect(abs(inLoop.terms.iva - fromCache.terms.iva) < 2e-3 && inLoop.terms.iva > 0)
                #expect(abs(inLoop.gradientNorm - fromCache.gradientNorm) < 2e-3 * inLoop.gradientNorm)
            }
        }
    }

    @Test func noSharedResponsesIsDistillationExactly() throws {
        try withDataset { dataset, folder in
            let plain = settings(LossTerms(sft: 1, kd: 1), steps: 3)
            func trained(_ name: String, _ change: (inout TrainingSettings) -> Void) throws -> [[Float]] {
                var settings = plain
                change(&settings)
                let fixture = try ModelFixture(self.folder)
                let trainer = try Trainer(
                    student: try fixture.student(), teacher: try fixture.teacher(), cached: nil,
                    dataset: dataset, settings: settings, plan: TeacherPlan(settings.objective()),
                    endOfSequenceIDs: [2])
                _ = try trainer.run(in: folder.appendingPathComponent(name), run: "r")
                return weights(trainer)
            }
            let kd = try trained("kd") { _ in }
            let off = try trained("off") {
                $0.onPolicy = OnPolicyRule(fraction: 0)
                $0.onPolicy.temperature = 0.5
            }
            #expect(off == kd)
            let own = try trained("own") { $0.onPolicy.fraction = 0.5 }
            #expect(own != kd && own.allSatisfy { $0.allSatisfy(\.isFinite) })
            #expect(try trained("own again") { $0.onPolicy.fraction = 0.5 } == own)
        }
    }

    @Test func sampledResponsesNeedATeacherToScoreThem() throws {
        try withDataset { dataset, _ in
            var settings = settings(LossTerms(kd: 1))
            settings.onPolicy.fraction = 1
            #expect { try trainer(dataset, settings, withTeacher: false) } throws: {
                "\($0)".contains("--teacher")
            }
            settings.weights = LossTerms(sft: 1, iva: 1)
            #expect { try trainer(dataset, settings) } throws: { "\($0)".contains("on_policy.fraction") }
        }
    }

    @Test func whatCannotBeTrainedIsRefusedBeforeTheFirstStep() throws {
        try withDataset { dataset, _ in
            #expect { try trainer(dataset, settings(LossTerms())) } throws: { "\($0)".contains("weights") }
            #expect { try trainer(dataset, settings(), withTeacher: false) } throws: {
                "\($0)".contains("--teacher")
            }
            var frozen = settings()
            frozen.trainable = []
            #expect { try trainer(dataset, frozen) } throws: { "\($0)".contains("trainable") }
        }
    }
}
