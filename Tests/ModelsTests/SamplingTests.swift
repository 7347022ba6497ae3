import Files
import Foundation
import Models
import TestSupport
import Testing

@Suite struct SamplingTests {
    @Test(arguments: [
        ("top_p_0.5", 1, 0.5), ("top_p_0.9", 1, 0.9), ("top_p_0.95", 1, 0.95), ("top_p_1.0", 1, 1),
        ("temperature_0.7_top_p_0.9", 0.7, 0.9),
    ])
    func nucleusHasTheReferencesProbabilities(name: String, temperature: Double, topP: Double) throws {
        for folder in Fixtures.cases("models", with: "sampling.safetensors") {
            let file = try SafeTensorsFile(folder.appendingPathComponent("sampling.safetensors"))
            let shape = try file.entry("logits").shape
            let logits = try file.floats("logits")
            let expected = try file.floats(name)
            for row in 0..<shape[0] {
                let range = row * shape[1]..<(row + 1) * shape[1]
                let found = logits[range].withUnsafeBufferPointer {
                    Sampling.nucleus($0, temperature: temperature, topP: topP).probabilities(count: shape[1])
                }
                let dense = found.map { Float($0) }
                #expect(largestDifference(dense, expected[range]) < 1e-5)
            }
        }
    }
}
