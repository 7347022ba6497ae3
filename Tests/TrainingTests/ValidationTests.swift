import AlignmentSupport
import Distillation
import Files
import Foundation
import Models
import RanksSupport
import Records
import Shards
import TestSupport
import Testing
import Training

@Suite struct ValidationTests {
    private let folder = Fixtures.repository.appendingPathComponent("Tests/Fixtures/models/qwen2_siglip")

    private func settings(steps: Int = 6) -> TrainingSettings {
        var settings = TrainingSettings()
        (settings.weights, settings.candidates.count, settings.saliencyLayer) = (ModelFixture.all, 3, 1)
        (settings.batchSize, settings.optimizer.learningRate, settings.steps) = (5, 1e-3, steps)
        (settings.lanes, settings.seed, settings.stateEvery) = (4, 9, 100)
        (settings.validation.every, settings.validation.samples) = (2, 7)
        return settings
    }

    private struct Outcome {
        var weights: [[Float]]
        var looks: [ValidationFile.Look]
        var warnings: [String]
        var best: [Int]
    }

    /// Trains, looking at the samples themselves: what is measured must be what is trained on.
    private func train(
        _ shards: URL, _ settings: TrainingSettings, in out: URL, ranks: Int = 1, looks: Bool = true,
        withTeacher: Bool = true, upTo last: Int? = nil
    ) throws -> Outcome {
        try ThreadMessenger.run(ranks) { [folder] ranks in
            let fixture = try ModelFixture(folder)
            let trainer = try Trainer(
                student: try fixture.student(), teacher: withTeacher ? try fixture.teacher() : nil,
                cached: nil, dataset: try ShardDataset(shards), settings: settings,
                plan: TeacherPlan(settings.objective()), ranks: ranks,
                validation: looks ? try ShardDataset(shards) : nil)
            var (outcome, made) = (Outcome(weights: [], looks: [], warnings: [], best: []), 0)
            _ = try trainer.run(
                in: out, run: "r", stop: { last.map { made >= $0 } ?? false },
                report: { event in
                    switch event {
                    case .step(let line): made = line.step + 1
                    case .warning(let text): outcome.warnings.append(text)
                    case .validated(let steps, _, let isBest): if isBest { outcome.best.append(steps) }
                    default: break
                    }
                })
            outcome.weights = trainer.student.parameters().map { $0.value.data.values }
            if looks {
                outcome.looks = try ValidationFile.read(out.appendingPathComponent(ValidationFile.file)).map {
                    var look = $0
                    look.found.seconds = 0
                    return look
                }
            }
            return outcome
        }[0]
    }

    private func withShards(_ body: (URL, (String) -> URL) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder)
            try body(dataset.sources[0].folder) { folder.appendingPathComponent($0) }
        }
    }

    /// What is looked at are the data's responses, whatever is trained on; and SFT needs no teacher.
    @Test func sampledResponsesAreLookedAtAsAnyOthers() throws {
        try withTemporaryFolder { folder in
            _ = try tinyDataset(in: folder)
            var sampled = settings(steps: 2)
            sampled.onPolicy.fraction = 0.5
            sampled.validation.teacher = false
            let outcome = try train(
                folder.appendingPathComponent("shards"), sampled, in: folder.appendingPathComponent("out"))
            #expect(outcome.looks.map(\.steps) == [0, 2])
        }
    }

    @Test func lookingChangesNoBitOfTheTrainingAndIsTheSameOnTwoRanks() throws {
        try withShards { shards, out in
            let blind = try train(shards, settings(), in: out("blind"), looks: false)
            let looking = try train(shards, settings(), in: out("looking"))
            #expect(looking.weights == blind.weights)
            #expect(looking.looks.map(\.steps) == [0, 2, 4, 6])
            let two = try train(shards, settings(), in: out("two"), ranks: 2)
            #expect(two.weights == blind.weights && two.looks == looking.looks)
        }
    }

    @Test func aResumedRunHasTheLooksOfAStraightOne() throws {
        try withShards { shards, out in
            let straight = try train(shards, settings(), in: out("straight"))
            for last in [1, 2, 5] { _ = try train(shards, settings(), in: out("resumed"), upTo: last) }
            let resumed = try train(shards, settings(), in: out("resumed"))
            #expect(resumed.looks == straight.looks && resumed.weights == straight.weights)
        }
    }

    @Test func theTermsAreThoseOfTheLossAndTheTeacherIsMeasuredBesides() throws {
        try withShards { shards, out in
            var settings = settings(steps: 2)
            settings.validation.samples = 1000  // all
            settings.optimizer.learningRate = 1e-12
            let found = try #require(try train(shards, settings, in: out("a")).looks.last).found
            let (fixture, dataset) = (try ModelFixture(folder), try ShardDataset(shards))
            let batch = try AlignmentBatch(dataset, numbers: Array(0..<dataset.count))
            #expect(found.samples == dataset.count && found.tokens == batch.supervisedTokens)
            let (student, teacher) = (try fixture.student(), try fixture.teacher())
            func terms(_ student: LlavaModel, _ teacher: LlavaModel?, _ objective: AlignmentObjective) throws
                -> LossTerms
            {
                try AlignmentLoss(student: student, teacher: teacher, objective: objective)(
                    batch,
                    totals: StepTotals(
                        supervisedTokens: batch.supervisedTokens, samples: batch.samples.count),
                    candidates: .drawn(seed: settings.seed, step: .max)
                ).terms
            }
            let expected = try terms(student, teacher, settings.objective())
            for term in LossTerms.Name.allCases {
                #expect(abs(found.terms[term] - expected[term]) < 1e-4 * expected[term], "\(term)")
            }
            #expect(abs(found.loss - expected.weighted(by: settings.weights)) < 1e-3)
            let own = try #require(found.teacher)
            let taught = try terms(
                teacher, nil, AlignmentObjective(weights: LossTerms(sft: 1)))
            // The teacher's probabilities are over the ids that both know.
            #expect(abs(own.crossEntropy - taught.sft) < 0.05 * taught.sft)
            for share in [found.accuracy, own.accuracy, try #require(found.agreement)] {
                #expect((0...1).contains(share))
            }
            #expect(found.entropy > 0 && own.entropy > 0)
        }
    }

    @Test func withoutATeacherSFTIsMeasured() throws {
        try withShards { shards, out in
            var settings = settings(steps: 2)
            settings.weights = LossTerms(sft: 1)
            let found = try #require(
                try train(shards, settings, in: out("a"), withTeacher: false).looks.last
            ).found
            #expect(found.terms.sft > 0 && found.loss == found.terms.sft)
            #expect(found.terms.kd == 0 && found.teacher == nil && found.agreement == nil)
        }
    }

    @Test func aLossThatRisesIsTold() throws {
        try withShards { shards, out in
            var settings = settings(steps: 8)
            (settings.optimizer.learningRate, settings.optimizer.clip) = (0.3, 0)
            (settings.validation.every, settings.validation.patience) = (1, 1)
            settings.schedule.warmupRatio = 0
            let outcome = try train(shards, settings, in: out("a"))
            let warned = outcome.warnings.contains { $0.contains("the held-back loss has risen") }
            let rose = zip(outcome.looks, outcome.looks.dropFirst()).contains {
                $1.found.loss > $0.found.loss
            }
            // At this rate it does; were it not so, the test would show nothing.
            #expect(rose && warned, "\(outcome.looks.map(\.found.loss))")
        }
    }

    /// A result may be chosen by these numbers: no flipped bit of a line is believed.
    @Test func aChangedLookIsNamedAndNotBelieved() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent(ValidationFile.file)
            var found = ValidationMetrics()
            (found.loss, found.samples) = (2.5, 3)
            let looks = [20, 40].map { ValidationFile.Look(steps: $0, found: found, of: "x") }
            let file = try ValidationFile(url, keeping: 0, of: "x")
            for look in looks { try file.append(look) }
            #expect(try ValidationFile.read(url).map(\.steps) == [20, 40])
            let written = try String(contentsOf: url, encoding: .utf8)
            for (old, new) in [("\"loss\":2.5", "\"loss\":0.5"), ("\"steps\":40", "\"steps\":44")] {
                #expect(written.contains(old))
                try written.replacingOccurrences(of: old, with: new).write(
                    to: url, atomically: true, encoding: .utf8)
                let error = #expect(throws: FilesError.self) { try ValidationFile.read(url) }
                #expect("\(error.map { "\($0)" } ?? "")".contains("is not as it was written"))
            }
        }
    }

    @Test func theBestLookIsTheFirstOfTheLowest() {
        func look(_ steps: Int, _ loss: Double) -> ValidationFile.Look {
            var found = ValidationMetrics()
            found.loss = loss
            return ValidationFile.Look(steps: steps, found: found, of: "")
        }
        let looks = [look(1, 3), look(2, 1), look(3, 1), look(4, .nan), look(5, 2), look(6, 3)]
        #expect(looks.best?.steps == 2)
        #expect(looks.rises == 1)
        #expect([look(1, .nan)].best == nil && [ValidationFile.Look]().rises == 0)
    }
}
