import Files
import Foundation
import TestSupport
import Testing
import Yams

/// The recipes of the paper's own pipelines against its Table 12 (Tests/Fixtures/paper), as the stages
/// themselves read them: with their bases and defaults.
@Suite struct PaperRecipeTests {
    static let pipelines = ["qwen2-0.5b", "qwen2-1.5b", "qwen3-0.6b", "qwen3-1.7b", "mobilellama-1.4b"]
    static let isBuilt = ["train-student", "pack-shards", "cache-teacher"].allSatisfy {
        StageProcess($0) != nil
    }

    private func recipe(_ name: String, of stage: String, in pipeline: String) throws -> Node {
        let file = Fixtures.repository.appendingPathComponent("pipelines/\(pipeline)/\(name).yaml").path
        let found = try #require(StageProcess(stage)).run(["--config", file, "--print-recipe"])
        #expect(found.status == 0, "\(found.errors)")
        return try #require(try Yams.compose(yaml: found.output))
    }

    /// Configuration -> its value in a column of Table 12.
    private func table12(_ column: String) throws -> [String: String] {
        let file = Fixtures.repository.appendingPathComponent("Tests/Fixtures/paper/table12.csv")
        let rows = CSV.rows(try String(contentsOf: file, encoding: .utf8))
        let place = try #require(rows[0].firstIndex(of: column))
        return Dictionary(uniqueKeysWithValues: rows.dropFirst().map { ($0[0], $0[place]) })
    }

    private func expect(_ recipe: Node, isAsIn column: String, _ name: String) throws {
        let table = try table12(column)
        func number(_ row: String) -> Double? { table[row].flatMap { Double($0) } }
        let parts = try #require(recipe["trainable"]?.sequence).compactMap(\.string)
        #expect(parts.joined(separator: " and ").replacing("language", with: "LLM") == table["trainable"])
        for (row, setting) in [
            ("epochs", recipe["epochs"]), ("batch_size", recipe["batch_size"]),
            ("learning_rate", recipe["optimizer"]?["learning_rate"]),
            ("weight_decay", recipe["optimizer"]?["weight_decay"]),
            ("warmup_ratio", recipe["schedule"]?["warmup_ratio"]),
        ] {
            let value = try #require(number(row), "Table 12 has no number for \(row)")
            #expect(setting?.float == value, "\(name): \(row)")
        }
        #expect(recipe["schedule"]?["shape"]?.string == table["schedule"], "\(name)")
        #expect((recipe["precision"]?.string == "bf16") == (table["bf16"] == "true"), "\(name)")
    }

    private func weights(_ recipe: Node) -> [String: Double] {
        Dictionary(
            uniqueKeysWithValues: ["sft", "iva", "kd", "tpa"].compactMap { term in
                recipe["weights"]?[term]?.float.map { (term, $0) }
            })
    }

    @Test(.enabled(if: isBuilt, "the stages are not built beside the tests"), arguments: pipelines)
    func trainingsAreThoseOfTable12(pipeline: String) throws {
        for (name, column) in [
            ("teacher-pretrain", "pretraining"), ("student-pretrain", "pretraining"),
            ("teacher", "fine_tuning"), ("sft", "fine_tuning"), ("align-ti", "fine_tuning"),
        ] {
            let found = try recipe(name, of: "train-student", in: pipeline)
            try expect(found, isAsIn: column, "\(pipeline)/\(name)")
            let isDistilled = name == "align-ti"
            let others = isDistilled ? 1.0 : 0
            #expect(weights(found) == ["sft": 1, "iva": others, "kd": others, "tpa": others], "\(name)")
        }
    }

    /// Section 4: d is 4. Figure 6: nucleus. Table 8: the teacher's weights. Section 3.1: a measured layer.
    @Test(.enabled(if: isBuilt, "the stages are not built beside the tests"), arguments: pipelines)
    func theObjectiveIsThePapers(pipeline: String) throws {
        let found = try recipe("align-ti", of: "train-student", in: pipeline)
        #expect(found["candidates"]?["count"]?.int == 4)
        #expect(found["candidates"]?["strategy"]?.string == "nucleus")
        #expect(found["saliency_source"]?.string == "teacher")
        let cache = try recipe("cache", of: "cache-teacher", in: pipeline)
        for layer in [found["saliency_layer"], cache["saliency_layer"]] {
            #expect(layer?.null == NSNull())
        }
        #expect(cache["relevance"]?["pairs"]?.int == 1000)
    }

    @Test(.enabled(if: isBuilt, "the stages are not built beside the tests"), arguments: pipelines)
    func samplesAreAsLongAsInTable12(pipeline: String) throws {
        let found = try recipe("pack", of: "pack-shards", in: pipeline)
        for column in ["pretraining", "fine_tuning"] {
            #expect(
                found["maximum_length"]?.int == (try table12(column)["maximum_length"]).flatMap { Int($0) })
        }
        let (size, patch) = (found["image"]?["size"]?.int, found["image"]?["patch"]?.int)
        #expect(patch == 14)
        #expect(size == (pipeline == "mobilellama-1.4b" ? 336 : 384))
    }
}
