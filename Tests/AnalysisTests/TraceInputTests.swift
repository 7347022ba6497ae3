import AlignmentSupport
import Analysis
import Files
import Foundation
import TestSupport
import Testing

/// Tensors of a batch that do not belong together, or to the model.
@Suite struct TraceInputTests {
    private let folder = Fixtures.repository.appendingPathComponent("Tests/Fixtures/models/qwen2_siglip")

    /// The fixture's batch with some of its tensors changed.
    private func input(
        _ names: String..., change: (inout [Float], inout [Int]) -> Void
    ) throws -> TraceInput {
        let file = try SafeTensorsFile(folder.appendingPathComponent("batch.safetensors"))
        var writer = SafeTensorsWriter()
        for tensor in file.names {
            var shape = try file.entry(tensor).shape
            if tensor == "pixel_values" {
                writer.add(tensor, try file.floats(tensor), shape: shape, as: .float32)
                continue
            }
            var values = try file.integers(tensor).map { Float($0) }
            if names.contains(tensor) { change(&values, &shape) }
            writer.add(tensor, values.map { Int32($0) }, shape: shape)
        }
        return try TraceInput(
            SafeTensorsFile(bytes: writer.serialized(compression: .none), name: "batch.safetensors"))
    }

    private func trace(_ input: TraceInput, _ parts: [ModelTrace.Part]) throws {
        let fixture = try ModelFixture(folder)
        _ = try ModelTrace(
            model: try fixture.student(), teacher: try fixture.teacher(),
            objective: fixture.objective(ModelFixture.all)
        ).run(parts, on: input.batch, candidates: .given(input.candidates))
    }

    @Test func aLabelBeyondTheVocabularyIsRefused() throws {
        let input = try input("labels") { values, _ in
            if let place = values.firstIndex(where: { $0 >= 0 }) { values[place] = 100_000 }
        }
        let error = try #require(throws: (any Error).self) { try trace(input, [.losses]) }
        #expect("\(error)".contains("holds token 100000"), "\(error)")
    }

    @Test func aNegativeLabelIsMinusAHundred() throws {
        let error = try #require(throws: AnalysisError.self) {
            _ = try input("labels") { values, _ in values[0] = -7 }
        }
        #expect("\(error)".contains("tensor 'labels' holds a negative number other than -100"), "\(error)")
    }

    @Test func candidatesHaveTheBatchsShape() throws {
        let error = try #require(throws: AnalysisError.self) {
            _ = try input("candidates") { _, shape in shape = [shape[0], shape[2], shape[1]] }
        }
        #expect("\(error)".contains("tensor 'candidates' is not ["), "\(error)")
    }

    @Test func withoutAPictureThereAreNoFeatures() throws {
        let texts = try input("visual_mask", "instruction_mask", "input_ids") { values, _ in
            values = values.map { _ in 0 }
        }
        #expect(throws: AnalysisError.noPicture) { try trace(texts, [.features]) }
        try trace(input { _, _ in }, [.features])
    }
}
