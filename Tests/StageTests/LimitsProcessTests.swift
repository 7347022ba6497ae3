import Foundation
import TestSupport
import Testing

/// What a user sees of the limits, and of names that cannot be written down.
@Suite struct LimitsProcessTests {
    private func packing(
        _ arguments: [String] = [], more: String = "", limits: String = ""
    ) throws -> StageProcess.Outcome {
        let stage = try #require(StageProcess("pack-shards"))
        let limits = limits.isEmpty ? "" : "ALIGN_TI_LIMITS='\(limits)'"
        return try stage.run(
            ["--data", "/none", "--tokenizer", "/none"] + arguments, redirected: more, assigning: limits)
    }

    @Test func aLimitIsSetByTheEnvironment() throws {
        try withTemporaryFolder { folder in
            let recipe = folder.appendingPathComponent("pack.yaml")
            try "name: a\nlimit: 3\n".write(to: recipe, atomically: true, encoding: .utf8)
            let arguments = ["--config", recipe.path, "--out", folder.path + "/out"]
            let refused = try packing(arguments, limits: "yaml_values=2")
            #expect(refused.status == 65 && refused.errors.contains("ALIGN_TI_LIMITS='yaml_values=…'"))
            #expect(try packing(arguments, limits: "yaml_values=9").status == 66, "the data does not exist")
        }
    }

    @Test func anUnknownLimitIsAnErrorWithAHint() throws {
        let outcome = try packing(["--out", "/none/out"], limits: "yaml_value=9")
        #expect(outcome.status == 64)
        #expect(outcome.errors.contains("did you mean 'yaml_values'?"), "\(outcome.errors)")
    }

    @Test func namesThatAreNotTextAreRefused() throws {
        let bytes = try packing(more: "--out \"$(printf '/tmp/caf\\351')\"")
        #expect(bytes.status == 64)
        #expect(bytes.errors.contains("'/tmp/caf\\xe9', is not UTF-8"), "\(bytes.errors)")
        let lines = try packing(["--out", "/tmp/two\nlines"])
        #expect(lines.status == 64 || lines.status == 66)
        #expect(!lines.errors.dropLast().contains("\n"), "\(lines.errors)")
    }
}
