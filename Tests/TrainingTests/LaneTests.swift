import AlignmentSupport
import Distillation
import Files
import Foundation
import Models
import Ranks
import RanksSupport
import Records
import Shards
import TestSupport
import Testing
import Training

/// What training promises of several processes: the same bits (docs/scaling.md). The ranks are threads here;
/// `MPITests` has processes.
@Suite struct LaneTests {
    private let folder = Fixtures.repository.appendingPathComponent("Tests/Fixtures/models/qwen2_siglip")

    private func settings(steps: Int = 10) -> TrainingSettings {
        var settings = TrainingSettings()
        (settings.weights, settings.candidates.count, settings.saliencyLayer) = (ModelFixture.all, 3, 1)
        (settings.batchSize, settings.optimizer.learningRate, settings.steps) = (5, 1e-3, steps)
        (settings.lanes, settings.microBatchRows, settings.seed) = (4, 60, 9)
        settings.stateEvery = 100
        return settings
    }

    /// What a run leaves: weights, metrics without times, and the state.
    private struct Outcome: Equatable {
        let weights: [[Float]]
        let lines: [[Double]]
        let state: [String: [Float]]
    }

    /// Trains on some ranks, all or some of the steps.
    ///
    /// - Returns: by rank
    private func train(
        _ shards: URL, _ settings: TrainingSettings, ranks: Int, in out: URL, upTo last: Int? = nil
    ) throws -> [Outcome] {
        try ThreadMessenger.run(ranks) { ranks in
            let fixture = try ModelFixture(folder)
            let trainer = try Trainer(
                student: try fixture.student(), teacher: try fixture.teacher(), cached: nil,
                dataset: try ShardDataset(shards), settings: settings,
                plan: TeacherPlan(settings.objective()), ranks: ranks)
            var lines: [[Double]] = []
            var made = -1
            _ = try trainer.run(
                in: out, run: "r", stop: { last.map { made + 1 >= $0 } ?? false },
                report: { event in
                    guard case .step(let line) = event else { return }
                    made = line.step
                    lines.append([
                        line.loss, line.gradientNorm, Double(line.supervisedTokens), Double(line.samples),
                        Double(line.candidatesDrawn), Double(line.studentRows),
                    ])
                })
            return Outcome(
                weights: trainer.student.parameters().map { $0.value.data.values }, lines: lines,
                state: ranks.isFirst ? try moments(in: out) : [:])
        }
    }

    /// The tensors of the state: weights and moments. Its metadata know the times of the steps.
    private func moments(in folder: URL) throws -> [String: [Float]] {
        let file = try SafeTensorsFile(folder.appendingPathComponent("state.safetensors"))
        return try Dictionary(uniqueKeysWithValues: file.names.map { ($0, try file.floats($0)) })
    }

    private func withShards(_ body: (URL, URL) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder)
            try body(dataset.sources[0].folder, folder)
        }
    }

    @Test func anyNumberOfRanksAndReplicasGivesTheSameBits() throws {
        try withShards { shards, folder in
            let alone = try train(shards, settings(), ranks: 1, in: folder.appendingPathComponent("1"))[0]
            #expect(alone.lines.count == 10 && alone.state.count > 3)
            // 3 do not divide 4 lanes; the last step of an epoch has fewer samples than lanes.
            for (ranks, replicas) in [(1, 2), (2, 1), (2, 2), (3, 1), (4, 1)] {
                var settings = settings()
                settings.replicas = replicas
                let out = folder.appendingPathComponent("\(ranks)-\(replicas)")
                let all = try train(shards, settings, ranks: ranks, in: out)
                #expect(all.count == ranks)
                for found in all {
                    #expect(found.weights == alone.weights, "\(ranks) ranks of \(replicas)")
                    #expect(found.lines == alone.lines, "\(ranks) ranks of \(replicas)")
                }
                #expect(all[0].state == alone.state, "\(ranks) ranks of \(replicas)")
            }
        }
    }

    /// docs/scaling.md, What crosses the network.
    @Test(arguments: [2, 4]) func asManyBytesAreSentAsThePageSays(ranks: Int) throws {
        try withShards { shards, folder in
            func bytes(steps: Int) throws -> (sent: Int, elements: Int) {
                let settings = settings(steps: steps)
                let (elements, sent) = try ThreadMessenger.counting(ranks) { ranks in
                    let fixture = try ModelFixture(self.folder)
                    let trainer = try Trainer(
                        student: try fixture.student(), teacher: try fixture.teacher(), cached: nil,
                        dataset: try ShardDataset(shards), settings: settings,
                        plan: TeacherPlan(settings.objective()), ranks: ranks)
                    _ = try trainer.run(
                        in: folder.appendingPathComponent("\(ranks.count)-\(steps)"), run: "r")
                    return trainer.student.parameters(of: [.projector, .language]).reduce(0) {
                        $0 + $1.value.count
                    }
                }
                return (sent, elements[0])
            }
            // The state at the end is the same in both.
            let (few, many) = (try bytes(steps: 2), try bytes(steps: 6))
            let aStep = Double(many.sent - few.sent) / 4
            let expected = Double(ranks) * 2 * 4 * Double(many.elements) * Double(ranks - 1) / Double(ranks)
            // Counts, losses and norms come besides.
            #expect(aStep > expected && aStep < 1.05 * expected, "\(aStep) of \(expected)")
        }
    }

    @Test func aRunGoesOnWithAnotherNumberOfRanks() throws {
        try withShards { shards, folder in
            let straight = try train(shards, settings(), ranks: 1, in: folder.appendingPathComponent("1"))[0]
            let out = folder.appendingPathComponent("resumed")
            let two = try train(shards, settings(), ranks: 2, in: out, upTo: 3)
            #expect(two[0].lines.count == 3 && two[1].lines.count == 3)
            let four = try train(shards, settings(), ranks: 4, in: out, upTo: 7)
            #expect(four[3].lines.count == 4)
            let one = try train(shards, settings(), ranks: 1, in: out)
            #expect(one[0].weights == straight.weights && one[0].state == straight.state)
            #expect(two[0].lines + four[0].lines + one[0].lines == straight.lines)
        }
    }

    @Test func samplesOfOnePictureStayTogetherOnAnyNumberOfRanks() throws {
        try withShards { shards, folder in
            var settings = settings(steps: 3)
            settings.groupImages = 3
            let alone = try train(shards, settings, ranks: 1, in: folder.appendingPathComponent("1"))[0]
            let two = try train(shards, settings, ranks: 2, in: folder.appendingPathComponent("2"))
            #expect(two[0] == alone && two[1].weights == alone.weights)
            settings.groupImages = 1
            let single = try train(shards, settings, ranks: 1, in: folder.appendingPathComponent("s"))[0]
            #expect(single.weights != alone.weights)
        }
    }

    @Test func onPolicyResponsesAreTheSameOnTwoRanks() throws {
        try withShards { shards, folder in
            var settings = settings(steps: 3)
            settings.onPolicy = OnPolicyRule(fraction: 0.7)
            settings.onPolicy.maximumTokens = 4
            let alone = try train(shards, settings, ranks: 1, in: folder.appendingPathComponent("1"))[0]
            let two = try train(shards, settings, ranks: 2, in: folder.appendingPathComponent("2"))
            #expect(two[0] == alone && two[1].weights == alone.weights)
        }
    }

    @Test func moreProcessesThanLanesAreRefused() throws {
        try withShards { shards, folder in
            #expect {
                try train(shards, settings(), ranks: 5, in: folder.appendingPathComponent("5"))
            } throws: {
                "\($0)".contains("4 lanes, and 5 processes share it")
            }
        }
    }
}
