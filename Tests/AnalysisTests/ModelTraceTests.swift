import AlignmentSupport
import Analysis
import Files
import Foundation
import TestSupport
import Testing

@Suite struct ModelTraceTests {
    @Test(arguments: Fixtures.cases("models", with: "forward.safetensors", "losses.safetensors"))
    func intermediatesAreThoseOfTheGoldenData(folder: URL) throws {
        let fixture = try ModelFixture(folder)
        let golden = try fixture.golden("forward")
        let trace = ModelTrace(
            model: try fixture.student(), teacher: try fixture.teacher(),
            objective: fixture.objective(ModelFixture.all))
        let bytes = try trace.run(
            ModelTrace.Part.allCases, on: fixture.batch, candidates: .given(fixture.candidates)
        ).serialized(compression: .none)
        let file = try SafeTensorsFile(bytes: bytes, name: "trace")
        func worst(_ name: String, _ expected: [Float]) throws -> Float {
            difference(try file.floats(name), expected).difference
        }
        #expect(try worst("features", golden.floats("student/vision_features")) < 2e-4)
        #expect(try worst("projected", golden.floats("student/projected")) < 2e-4)
        #expect(
            try worst(
                "1/attention",
                golden.floats("student/attention_sample1").unpadded(
                    to: file.entry("1/attention").shape, from: fixture.padded)) < 1e-5)
        let (logits, width) = (
            try golden.floats("student/logits"), try golden.entry("student/logits").shape[2]
        )
        for (index, sample) in fixture.batch.samples.enumerated() {
            let start = index * fixture.padded * width
            #expect(
                try worst("\(index)/logits", Array(logits[start..<start + sample.inputIDs.count * width]))
                    < 2e-4)
        }
        let losses = try fixture.golden("losses")
        for term in ["sft", "iva", "kd", "tpa"] {
            let expected = try losses.floats("loss/\(term)")[0]
            #expect(try abs(file.floats("loss/\(term)")[0] - expected) < 1e-5 * expected)
            #expect(file.names.contains { $0.hasPrefix("gradient/\(term)/") })
        }
    }
}

extension [Float] {
    /// Maps `[layers, heads, n, n]` out of `[layers, heads, padded, padded]`; as they are where nothing is
    /// padded.
    fileprivate func unpadded(to shape: [Int], from padded: Int) -> [Float] {
        let (maps, n) = (shape[0] * shape[1], shape[2])
        guard count != maps * n * n else { return self }
        var result: [Float] = []
        for row in 0..<maps * n {
            let start: Int = (row / n * padded + row % n) * padded
            result += self[start..<start + n]
        }
        return result
    }
}
