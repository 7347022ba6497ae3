import Files
import Foundation
import Measuring
import Stage
import TestSupport
import Testing

@Suite struct BenchShapesTests {
    private static let model =
        #"{"hidden": 8, "layers": 2, "heads": 2, "kv_heads": 1, "inter": 16, "vocab": 32, "tie": true}"#
    private static let good = """
        {"name": "X", "batch": 2, "visual": 9, "instr": 2, "resp": 3, "d": 4, "vision_dim": 5, "iva_layer": 1,
         "student": \(model), "teacher": \(model),
         "repeats": 3, "warmup": 0, "decode_new": 4, "decode_batches": [1]}
        """

    /// The error's text for a file with one thing changed; nil where it is accepted.
    private func refusal(_ old: String, _ new: String) throws -> String? {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("x.json")
            try AtomicOutput.writeAtomically(Self.good.replacingOccurrences(of: old, with: new), to: file)
            do {
                _ = try RecipeLoader.load(BenchShapes.self, config: file)
                return nil
            } catch { return "\(error)" }
        }
    }

    @Test func aWholeFileIsAccepted() throws { #expect(try refusal("-", "-") == nil) }

    @Test(arguments: [
        (#""batch": 2, "#, "", "'batch'"), (#""visual": 9"#, #""visual": 10"#, "square"),
        (#""instr""#, #""instruction""#, "'instruction'"), (#""d": 4"#, #""d": "four""#, "'d'"),
        (#""iva_layer": 1"#, #""iva_layer": 2"#, "'iva_layer'"),
        (#""kv_heads": 1"#, #""kv_heads": 3"#, "kv_heads"), (#""heads": 2"#, #""heads": 3"#, "heads"),
        (#""decode_batches": [1]"#, #""decode_batches": []"#, "'decode_batches'"),
        (#""repeats": 3"#, #""repeats": 0"#, "'repeats'"),
        (#""decode_new": 4"#, #""decode_new": 1"#, "'decode_new'"),
        (#""tie": true"#, #""tie": true, "distinct_layers": 3"#, "distinct_layers"),
        (#""student": {"#, #""student": {"distinct_layers": 1, "#, "student.distinct_layers"),
    ]) func aBadFieldIsNamed(old: String, new: String, mention: String) throws {
        let text = try #require(try refusal(old, new))
        #expect(text.contains(mention), "\(text)")
        // What is missing stands in no file; what is wrong does.
        #expect(text.contains(new.isEmpty ? "the recipe" : "x.json"), "\(text)")
    }

    @Test(arguments: ["S", "T", "P", "F"]) func theShapesThatComeWithTheProgramAreWhole(name: String) throws {
        let file = Fixtures.repository.appendingPathComponent("pipelines/bench/\(name).json")
        let shapes = try RecipeLoader.load(BenchShapes.self, config: file)
        #expect(shapes.name == name)
        #expect(shapes.decodeBatches == (name == "F" ? [1] : [1, 4, 16]))
    }

    @Test(arguments: ["P", "F"]) func thePapersImageAndVocabulary(name: String) throws {
        let file = Fixtures.repository.appendingPathComponent("pipelines/bench/\(name).json")
        let shapes = try RecipeLoader.load(BenchShapes.self, config: file)
        #expect((shapes.visual, shapes.student.vocabulary) == (729, 151_936))
    }

    /// F has all layers of the paper's models.
    @Test func fIsAsDeepAsThePapersModels() throws {
        let file = Fixtures.repository.appendingPathComponent("pipelines/bench/F.json")
        let shapes = try RecipeLoader.load(BenchShapes.self, config: file)
        #expect((shapes.student.hidden, shapes.student.layers) == (896, 24))
        #expect((shapes.teacher.hidden, shapes.teacher.layers) == (3584, 28))
    }
}
