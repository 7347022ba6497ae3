import AlignmentSupport
import Distillation
import Foundation
import Ranks
import RanksSupport
import Records
import Settings
import Shards
import TeacherStore
import TestSupport
import Testing
import Text
import Training

/// Several folders of shards as one data set (docs/pipelines.md, Mixtures).
@Suite struct MixtureTests {
    private let model = Fixtures.repository.appendingPathComponent("Tests/Fixtures/models/qwen2_siglip")

    /// Sources of 12 and of 7 samples, in that order.
    private func withSources(_ body: (_ folders: [(name: String, folder: URL)]) throws -> Void) throws {
        try withTemporaryFolder { folder in
            try body(
                [("many", 12), ("few", 7)].map { name, samples in
                    let made = try tinyDataset(
                        in: folder.appendingPathComponent(name), samples: samples, samplesPerShard: 5)
                    return (name, made.sources[0].folder)
                })
        }
    }

    private func epoch(_ epoch: Int, _ dataset: ShardDataset, _ mixture: [String: SourceShare]) throws
        -> [Int]
    {
        var stream = try SampleStream(
            dataset, batchSize: 1000, epochs: 1, steps: nil, seed: 3, mixture: mixture)
        let size = try stream.samples(ofStep: 0).count
        stream = try SampleStream(
            dataset, batchSize: size, epochs: 10, steps: nil, seed: 3, mixture: mixture)
        return try stream.samples(ofStep: epoch)
    }

    private func share(_ change: (inout SourceShare) -> Void) -> SourceShare {
        var share = SourceShare()
        change(&share)
        return share
    }

    @Test func aDataSetOfOneFolderHasTheOrderOfItsShards() throws {
        try withSources { folders in
            let dataset = try ShardDataset([folders[0]], shardsHeld: 2)
            let order = SampleOrder(
                shardSizes: dataset.index.shards.map(\.samples), together: 2, seed: 3, epoch: 1)
            #expect(try epoch(1, dataset, [:]) == (0..<12).map { order[$0] })
            #expect(try dataset.digest == ShardDataset(folders[0].folder).digest)
        }
    }

    @Test func sourcesAreSeenAsOftenAsTheirSharesSay() throws {
        try withSources { folders in
            let dataset = try ShardDataset(folders)
            #expect(dataset.count == 19 && dataset.sources.map(\.samples) == [0..<12, 12..<19])
            #expect(try dataset.sample(12).id == "0" && dataset.source(ofSample: 12) == 1)
            #expect(try epoch(0, dataset, [:]).sorted() == Array(0..<19))

            let shares = ["many": share { $0.weight = 0.25 }, "few": share { $0.weight = 2.5 }]
            let (first, second) = (try epoch(0, dataset, shares), try epoch(1, dataset, shares))
            for seen in [first, second] {
                #expect(seen.count { $0 < 12 } == 3 && seen.count { $0 >= 12 } == 18)  // 17.5, rounded up
                let times = (12..<19).map { number in seen.count { $0 == number } }
                #expect(times.sorted() == [2, 2, 2, 3, 3, 3, 3])
            }
            #expect(first.filter { $0 < 12 }.sorted() != second.filter { $0 < 12 }.sorted())

            let counted = try epoch(0, dataset, ["many": share { $0.samples = 30 }])
            let times = (0..<12).map { number in counted.count { $0 == number } }
            #expect(counted.count == 37 && times.sorted() == [2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3])

            let some = try epoch(2, dataset, ["many": share { $0.dataFraction = 0.5 }])
            #expect(some.count == 13 && Set(some).count == 13 && some.count { $0 < 12 } == 6)
            #expect(
                try epoch(0, dataset, ["many": share { $0.dataFraction = 0.5 }]).sorted() == some.sorted())
        }
    }

    /// A part of the data makes a part of an epoch, however the epoch is counted.
    @Test func aFractionOfTheDataIsAFractionOfTheSamplesAsWell() throws {
        try withSources { folders in
            let dataset = try ShardDataset(folders)
            func count(_ share: SourceShare, _ fraction: Double) throws -> Int {
                let stream = try SampleStream(
                    dataset, batchSize: 1000, epochs: 1, steps: nil, seed: 3, fraction: fraction,
                    mixture: ["many": share, "few": self.share { $0.samples = 4 }])
                var epoch = stream
                return try epoch.samples(ofStep: 0).count { $0 < 12 }
            }
            let thirty = share { $0.samples = 30 }
            #expect(try count(thirty, 1) == 30 && count(thirty, 0.5) == 15)
            // A source's own fraction says which samples, and the number stays.
            #expect(try count(share { ($0.samples, $0.dataFraction) = (30, 0.5) }, 0.25) == 30)
        }
    }

    @Test func sharesOfOtherSourcesAreRefused() throws {
        try withSources { folders in
            let dataset = try ShardDataset(folders)
            #expect(
                throws: SettingProblem(
                    "mixture.vsr", "is no source of the shards; they are many, few")
            ) { try epoch(0, dataset, ["vsr": SourceShare()]) }
            #expect(
                throws: SettingProblem(
                    "mixture.vsr", "is no source of the shards; name them: --shards vsr=folder")
            ) { try epoch(0, try ShardDataset(folders[0].folder), ["vsr": SourceShare()]) }
            #expect(
                throws: SettingProblem(
                    "mixture.few.samples", "is 7007, more than 1000 times the 7 samples of the source")
            ) { try epoch(0, dataset, ["few": share { $0.samples = 7007 }]) }
        }
    }

    /// A field of the second folder's index is another one.
    @Test(arguments: [
        ("tokenizer", "tokenizer"), ("end_token", "end_token"), ("template", "template"),
        ("label_rule", "label_rule"), ("visual_tokens", "visual_tokens"), ("size", "image_processor"),
    ])
    func foldersThatDoNotGoTogetherAreRefused(key: String, field: String) throws {
        try withSources { folders in
            let url = folders[1].folder.appendingPathComponent("index.json")
            let text = try String(contentsOf: url, encoding: .utf8)
            let line = try #require(text.split(separator: "\n").first { $0.contains("\"\(key)\"") })
            let changed =
                line.contains(": \"")
                ? line.replacing("\",", with: "x\",") : line.replacing(": ", with: ": 7")
            #expect(changed != line)
            try text.replacing(line, with: changed).write(to: url, atomically: true, encoding: .utf8)
            let error = #expect(throws: ShardsError.self) { try ShardDataset(folders) }
            guard case .otherSource(let path, let found, _, _, let other)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(path == folders[1].folder.path && found == field && other == folders[0].folder.path)
        }
    }

    /// Whichever comes first, the template is that of the conversations.
    @Test func captionsWithoutQuestionsGoBesideConversations() throws {
        try withSources { folders in
            let url = folders[1].folder.appendingPathComponent("index.json")
            var text = try String(contentsOf: url, encoding: .utf8)
            let before = try ShardDataset(folders).description
            for (key, value) in [("template", ConversationTemplate(.plain).identity), ("end_token", "\\n")] {
                let line = try #require(text.split(separator: "\n").first { $0.contains("\"\(key)\"") })
                text = text.replacing(
                    line, with: #""\#(key)" : "\#(value.replacing("\n", with: "\\n"))","#)
            }
            try text.write(to: url, atomically: true, encoding: .utf8)
            #expect(try ShardDataset(folders[1].folder).description != before)
            for order in [folders, folders.reversed()] {
                #expect(try ShardDataset(order).description == before)
            }
        }
    }

    private func settings(mixes: Bool = true) -> TrainingSettings {
        var settings = TrainingSettings()
        (settings.weights, settings.candidates.count, settings.saliencyLayer) = (ModelFixture.all, 3, 1)
        (settings.batchSize, settings.optimizer.learningRate, settings.steps) = (7, 1e-3, 4)
        (settings.lanes, settings.microBatchRows, settings.seed) = (2, 100, 9)
        settings.mixture = mixes ? ["few": share { $0.weight = 2 }] : [:]
        return settings
    }

    /// Lines of a training that looks at its own samples, the first rank's.
    private func train(_ folders: [(name: String, folder: URL)], ranks: Int, in out: URL) throws
        -> [StepMetrics]
    {
        let settings = settings(mixes: folders.count > 1)
        return try ThreadMessenger.run(ranks) { [model] ranks in
            let fixture = try ModelFixture(model)
            let dataset = try ShardDataset(folders)
            let trainer = try Trainer(
                student: try fixture.student(), teacher: try fixture.teacher(), cached: nil, dataset: dataset,
                settings: settings, plan: TeacherPlan(settings.objective()), ranks: ranks, validation: dataset
            )
            var lines: [StepMetrics] = []
            _ = try trainer.run(
                in: out, run: "r",
                report: { event in
                    if case .step(let line) = event { lines.append(line) }
                })
            return lines
        }[0]
    }

    @Test func theTermsOfTheSourcesMakeThoseOfTheStep() throws {
        try withSources { folders in
            let names = folders.map(\.name)
            let out = folders[0].folder.deletingLastPathComponent()
            let lines = try train(folders, ranks: 1, in: out.appendingPathComponent("one"))
            #expect(lines.count == 4)
            for line in lines {
                let sources = try #require(line.sources)
                #expect(sources.values.reduce(0) { $0 + $1.samples } == 7)
                // Means over all tokens lie between those of the sources.
                for term in [LossTerms.Name.sft, .kd, .tpa] {
                    let values = sources.values.map { $0.terms[term] }
                    #expect((values.min() ?? 0)...(values.max() ?? 0) ~= line.terms[term], "\(term)")
                }
            }
            #expect(lines.allSatisfy { Set($0.sources?.keys.sorted() ?? []).isSubset(of: Set(names)) })
            // Twice as many of the few are seen: 14 of 26.
            let seen = lines.reduce(0) { $0 + ($1.sources?["few"]?.samples ?? 0) }
            #expect((13...16).contains(seen), "\(seen) of 28")

            let two = try train(folders, ranks: 2, in: out.appendingPathComponent("two"))
            #expect(two.map(\.loss) == lines.map(\.loss) && two.map(\.sources) == lines.map(\.sources))

            // Before the first step the model is the same: each source is as it is alone.
            func look(_ name: String) throws -> ValidationMetrics {
                let file = out.appendingPathComponent("\(name)/validation.jsonl")
                return try #require(try ValidationFile.read(file).first).found
            }
            let found = try #require(look("one").sources)
            #expect(found.mapValues(\.samples) == ["many": 12, "few": 7])
            for folder in folders {
                _ = try train([folder], ranks: 1, in: out.appendingPathComponent(folder.name))
                let (alone, own) = (try look(folder.name), try #require(found[folder.name]))
                let beside = own.terms
                #expect(alone.sources == nil && alone.tokens == own.tokens)
                #expect(alone.accuracy == own.accuracy && alone.agreement == own.agreement)
                #expect(abs(alone.entropy - own.entropy) < 1e-5 * alone.entropy)
                #expect(alone.teacher?.accuracy == own.teacher?.accuracy && own.teacher != nil)
                // Candidates are drawn by a sample's number, which is another one behind other samples.
                for term in [LossTerms.Name.sft, .kd] + (folder.name == "many" ? [.tpa] : []) {
                    #expect(abs(alone.terms[term] - beside[term]) < 1e-5 * alone.terms[term], "\(term)")
                }
                // Of IVA the one is a sum of alphas by sample, the other a mean by alpha.
                #expect(alone.terms.iva > 0 && beside.iva > alone.terms.iva)
            }
        }
    }

    @Test func ofOneSourceNothingIsSaidByItself() throws {
        try withSources { folders in
            let folder = folders[0].folder
            let out = folder.deletingLastPathComponent().appendingPathComponent("out")
            let settings = settings(mixes: false)
            let fixture = try ModelFixture(model)
            let trainer = try Trainer(
                student: try fixture.student(), teacher: try fixture.teacher(), cached: nil,
                dataset: try ShardDataset(folder), settings: settings, plan: TeacherPlan(settings.objective())
            )
            _ = try trainer.run(in: out, run: "r")
            let (steps, _) = try MetricsFile.read(out.appendingPathComponent("metrics.jsonl"))
            #expect(steps.count == 4 && steps.allSatisfy { $0.sources == nil })
        }
    }

    @Test func whatIsStoredOfASourceIsUsedBesideOthers() throws {
        try withSources { folders in
            let (alone, mixture) = (try ShardDataset(folders[0].folder), try ShardDataset(folders))
            #expect(
                mixture.shardNames.prefix(2) == [
                    "many/train-00000.safetensors.zst", "many/train-00001.safetensors.zst",
                ])
            #expect(mixture.digest != alone.digest)
            #expect(mixture.digest(of: mixture.sources[0]) == alone.digest)
            let outputs = TeacherOutputs(try ModelFixture(model).teacher())
            func relevance(_ dataset: ShardDataset) throws -> [Double] {
                try outputs.relevance(over: dataset, pairs: 20, seed: 1, standardError: 0).scores
            }
            #expect(try relevance(mixture) == relevance(alone))
        }
    }
}
