import Foundation
import TestSupport
import Testing

/// The tables of pipelines/ablations/rules.mk against its rows, and docs/results.md against the tables.
@Suite struct AblationTests {
    private let folder = Fixtures.repository.appendingPathComponent("pipelines/ablations")

    /// Table -> rows.
    private func tables() throws -> [String: [String]] {
        let rules = try String(contentsOf: folder.appendingPathComponent("rules.mk"), encoding: .utf8)
        var tables: [String: [String]] = [:]
        for line in rules.split(separator: "\n") {
            let parts = line.split(separator: " ").map(String.init)
            guard parts.count > 2, parts[1] == ":=",
                parts[0].wholeMatch(of: #/(table|figure)[0-9]+/#) != nil
            else { continue }
            tables[parts[0]] = Array(parts[2...])
        }
        return tables
    }

    @Test func everyRowIsAFileAndEveryFileIsARow() throws {
        let rows = Set(try tables().values.joined())
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".yaml") && !$0.hasSuffix("-model.yaml") }.map { String($0.dropLast(5)) }
        #expect(rows == Set(files) && rows.count > 20)
    }

    @Test func everyTableIsDocumentedWithItsRowsOrWhatItCompares() throws {
        let text = try String(
            contentsOf: Fixtures.repository.appendingPathComponent("docs/results.md"), encoding: .utf8)
        let tables = try tables()
        #expect(tables.count == 12)
        for name in tables.keys { #expect(text.contains("\n| `\(name)` |"), "\(name)") }
    }
}
