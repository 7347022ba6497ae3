import Files
import Foundation
import Stage
import TestSupport
import Testing
import Yams

/// The recipes of all stages as a user meets them: printed, as schemas, in docs/ and in the help texts.
@Suite struct StageRecipeTests {
    static let stages: [String] = {
        let folder = Fixtures.repository.appendingPathComponent("docs/schemas").path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }.sorted()
    }()

    /// Standard output of a stage that is started in the repository's folder.
    private func output(_ stage: String, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appendingPathComponent(stage)
        process.arguments = arguments
        process.currentDirectoryURL = Fixtures.repository
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(stage) \(arguments.joined(separator: " "))")
        return text
    }

    private func text(_ path: String) throws -> String {
        try String(contentsOf: Fixtures.repository.appendingPathComponent(path), encoding: .utf8)
    }

    @Test func everyStageWithARecipeIsInThePage() throws {
        let sections = try text("docs/recipes.md").matches(of: #/\n## ([a-z-]+)\n/#).map {
            String($0.output.1)
        }
        #expect(sections == Self.stages && sections.count == 16)
    }

    @Test(arguments: stages) func thePrintedRecipeReadsBackAsItselfAndStandsInThePage(stage: String) throws {
        let printed = try output(stage, ["--print-recipe"])
        #expect(
            try text("docs/recipes.md").contains("\n## \(stage)\n\n```yaml\n\(printed)```\n"), "make docs")
        #expect(!printed.contains("; default "))
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("recipe.yaml")
            try AtomicOutput.writeAtomically(printed, to: file)
            #expect(try output(stage, ["--config", file.path, "--print-recipe"]) == printed)
        }
    }

    @Test(arguments: stages) func theSchemaIsCurrent(stage: String) throws {
        #expect(try output(stage, ["--print-schema"]) == text("docs/schemas/\(stage).json"), "make docs")
    }

    @Test(arguments: stages) func recipesOfTheHelpExampleExistAndParse(stage: String) throws {
        let help = try output(stage, ["--help"])
        let example = try #require(help.components(separatedBy: "Example:").dropFirst().first)
            .components(separatedBy: "USAGE:")[0].replacing(#/\s+/#, with: " ")
        for match in example.matches(of: #/--config (\S+)/#) {
            let path = String(match.output.1)
            _ = try output(stage, ["--print-recipe", "--config", path])
        }
        for match in example.matches(of: #/--set '([^']+)'/#) {
            _ = try output(stage, ["--print-recipe", "--set", String(match.output.1)])
        }
    }

    /// The stage of a recipe: the first word of its comment, else that of its base, else that of its folder.
    private func stage(of path: String) throws -> String {
        let text = try text(path)
        let name = text.prefix { $0 != ":" }.dropFirst(2)
        if Self.stages.contains(String(name)) { return String(name) }
        if let base = text.firstMatch(of: #/(?m)^base: (\S+)$/#) {
            let folder = URL(fileURLWithPath: "/\(path)").deletingLastPathComponent()
            let below = folder.appendingPathComponent(String(base.output.1)).standardizedFileURL.path
            return try stage(of: String(below.dropFirst()))
        }
        return path.contains("/tables/") ? "compare-runs" : "train-student"
    }

    @Test func shippedRecipesParseAndFitTheirSchemas() throws {
        let names = try FolderListing.files(below: Fixtures.repository.appendingPathComponent("pipelines"))
        let files = names.filter { $0.hasSuffix(".yaml") }.map { "pipelines/\($0)" }
        #expect(files.count > 60)
        // Table 1 is data: the published systems.
        for path in files where !path.hasSuffix("/tables/table1.yaml") {
            let stage = try stage(of: path)
            let schema = try JSONValue(parsing: Array(text("docs/schemas/\(stage).json").utf8))
            let problems = try Yams.compose(yaml: text(path)).map { violations($0, schema, path) } ?? []
            #expect(problems.isEmpty, "\(stage): \(problems)")
        }
    }

    /// What a schema made here refuses in a YAML value, by the keywords that it uses.
    private func violations(_ node: Node, _ schema: JSONValue, _ place: String) -> [String] {
        if case .array(let choices)? = schema["anyOf"] {
            let tried = choices.map { violations(node, $0, place) }
            return tried.contains { $0.isEmpty } ? [] : tried[0]
        }
        if case .array(let choices)? = schema["enum"] {
            return choices.contains { $0 == .string(node.scalar?.string ?? "") } ? [] : ["\(place): enum"]
        }
        guard case .string(let type)? = schema["type"] else { return ["\(place): no type"] }
        let bad = ["\(place): expected \(type)"]
        switch (type, node) {
        case ("object", .mapping(let fields)):
            guard schema["properties"] != nil else { return [] }
            return fields.flatMap { key, value in
                let name = key.scalar?.string ?? ""
                guard let inner = schema["properties"]?[name] else { return ["\(place): unknown \(name)"] }
                return violations(value, inner, "\(place): \(name)")
            }
        case ("array", .sequence(let elements)):
            return elements.flatMap { violations($0, schema["items"] ?? [:], place) }
        case ("string", .scalar): return []
        case ("boolean", .scalar(let scalar)): return ["true", "false"].contains(scalar.string) ? [] : bad
        case ("null", .scalar(let scalar)): return ["null", "~", ""].contains(scalar.string) ? [] : bad
        case ("integer", .scalar(let scalar)), ("number", .scalar(let scalar)):
            guard let value = Double(scalar.string), type == "number" || value == value.rounded() else {
                return bad
            }
            func holds(_ keyword: String, _ test: (Double) -> Bool) -> Bool {
                switch schema[keyword] {
                case .int(let limit)?: test(Double(limit))
                case .double(let limit)?: test(limit)
                default: true
                }
            }
            let fits =
                holds("minimum") { value >= $0 } && holds("maximum") { value <= $0 }
                && holds("exclusiveMinimum") { value > $0 } && holds("exclusiveMaximum") { value < $0 }
            return fits ? [] : ["\(place): \(value) is out of bounds"]
        default: return bad
        }
    }
}
