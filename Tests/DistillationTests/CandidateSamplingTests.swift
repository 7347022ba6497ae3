import Distillation
import Files
import Foundation
import Models
import Tensors
import TestSupport
import Testing

@Suite struct CandidateSamplingTests {
    @Test func nucleusAndGreedyAreThoseOfTheGoldenData() throws {
        for folder in Fixtures.cases("models", with: "sampling.safetensors") {
            let file = try SafeTensorsFile(folder.appendingPathComponent("sampling.safetensors"))
            let (logits, shape) = (try file.floats("logits"), try file.entry("logits").shape)
            let settings = [
                ("top_p_0.5", 0.5, 1.0), ("top_p_0.9", 0.9, 1), ("top_p_0.95", 0.95, 1), ("top_p_1.0", 1, 1),
                ("temperature_0.7_top_p_0.9", 0.9, 0.7),
            ]
            for row in 0..<shape[0] {
                try Array(logits[row * shape[1]..<(row + 1) * shape[1]]).withUnsafeBufferPointer { line in
                    for (name, topP, temperature) in settings {
                        let expected = try file.floats(name)[row * shape[1]..<(row + 1) * shape[1]]
                        let found = Nucleus(line, topP: topP, temperature: temperature).probabilities(
                            count: shape[1])
                        #expect(
                            zip(found, expected).allSatisfy { abs($0 - Double($1)) < 2e-6 },
                            "\(folder.lastPathComponent) \(name) row \(row)")
                    }
                    let greedy = CandidateRule(count: 4, strategy: .greedy).draw(
                        line, random: CounterRandom(0))
                    #expect(
                        greedy.map { Int($0) }
                            == Array(try file.integers("greedy_top4")[row * 4..<row * 4 + 4]))
                }
            }
        }
    }

    /// The loss says that they are not; a draw must only not stand in its way.
    @Test(arguments: [Float.nan, .infinity, -.infinity]) func logitsThatAreNotFiniteAreDrawnFromAllTheSame(
        value: Float
    ) {
        for logits in [[Float](repeating: value, count: 9), [0, value, 1], [value, value, 0]] {
            logits.withUnsafeBufferPointer { logits in
                for topP in [0.5, 0.9, 1] {
                    for nucleus in [
                        Nucleus(logits, topP: topP, temperature: 1),
                        Sampling.nucleus(logits, temperature: 1, topP: topP),
                    ] {
                        #expect(logits.indices.contains(Int(nucleus.id(at: 0.7))))
                    }
                }
            }
        }
    }

    /// The nucleus is found by bisection, in ascending order; sorting finds the same.
    @Test func theNucleusIsTheOneThatSortingFinds() {
        for seed in 0..<40 {
            var random = CounterRandom(UInt64(seed))
            let flat = seed % 2 == 0
            // Some of them equal, so that the last ones of a nucleus are chosen among equals.
            let logits = (0..<500).map { _ in
                Float((random.uniform() * (flat ? 8 : 400)).rounded() / (flat ? 40 : 20))
            }
            for topP in [0.01, 0.3, 0.9, 0.999] {
                let (found, sorted) = logits.withUnsafeBufferPointer {
                    (
                        Nucleus($0, topP: topP, temperature: 0.7),
                        Sampling.nucleus($0, temperature: 0.7, topP: topP)
                    )
                }
                let ids = found.ids ?? []
                #expect(ids == ids.sorted() && !ids.isEmpty)
                // Rounding may decide about one id where the mass is reached to the last digit.
                let difference = Set(ids).symmetricDifference(sorted.ids ?? [])
                #expect(difference.count <= 1, "seed \(seed), mass \(topP): \(difference)")
            }
        }
    }

    @Test func drawsFollowTheDistributionAndDependOnTheKeyAlone() {
        let p: [Float] = [0.1, 0.6, 0.3]
        p.map { log($0) }.withUnsafeBufferPointer { logits in
            let rule = CandidateRule(count: 4000)
            let first = rule.draw(logits, random: CounterRandom(1, 2, 3))
            #expect(first == rule.draw(logits, random: CounterRandom(1, 2, 3)))
            #expect(first != rule.draw(logits, random: CounterRandom(1, 2, 4)))
            for (id, probability) in p.enumerated() {
                let share = Double(first.count { $0 == Int32(id) }) / 4000
                #expect(abs(share - Double(probability)) < 0.04)  // five standard errors
            }
        }
    }
}
