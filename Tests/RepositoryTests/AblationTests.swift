import Foundation
import TestSupport
import Testing

/// The tables of pipelines/ablations/tables against their rows, and docs/results.md against the tables.
@Suite struct AblationTests {
    private let folder = Fixtures.repository.appendingPathComponent("pipelines/ablations")

    /// Table -> rows.
    private func tables() throws -> [String: [String]] {
        let files = folder.appendingPathComponent("tables")
        var tables: [String: [String]] = [:]
        for file in try FileManager.default.contentsOfDirectory(atPath: files.path) {
            let text = try String(contentsOf: files.appendingPathComponent(file), encoding: .utf8)
            let lines = text.split(separator: "\n")
            tables[String(file.dropLast(".yaml".count))] = lines.drop { $0 != "rows:" }.dropFirst()
                .prefix { $0.hasPrefix("- ") }.map { String($0.dropFirst(2)) }
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
