import Foundation
import TestSupport
import Testing

/// The tables of pipelines/ablations/tables against their rows, and docs/results.md against the tables.
@Suite struct AblationTests {
    private let folder = Fixtures.repository.appendingPathComponent("pipelines/ablations")

    private func names(_ path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent(path).path)
            .filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(".yaml".count)) }
    }

    /// Table -> rows, as Make reads them.
    private func tables() throws -> [String: [String]] {
        Dictionary(
            uniqueKeysWithValues: try names("tables").map { name in
                let file = folder.appendingPathComponent("tables/\(name).yaml")
                let rows = try String(contentsOf: file, encoding: .utf8).matches(
                    of: #/(?m)^- *\{* *row: *([^,} \n]*)/#)
                return (name, rows.map { String($0.output.1) })
            })
    }

    @Test func everyPartOfARowIsAFileAndEveryFileIsAPartOfARow() throws {
        let parts = Set(try tables().values.joined().flatMap { $0.split(separator: "+").map(String.init) })
        #expect(Set(try names(".") + names("models")) == parts.subtracting(["teacher"]))
        #expect(Set(try tables().values.joined()).count > 40)
    }

    /// The numbers of the paper, but for those of its Tables 12 and 13: they are recipes and manifests.
    @Test func everyTableAndFigureWithNumbersIsATargetAndIsDocumented() throws {
        let targets = try names("tables") + ["figure4", "figure10"]
        let numbered =
            (Array(1...11) + Array(14...17)).map { "table\($0)" }
            + [2, 4, 6, 7, 9, 10].map { "figure\($0)" }
        #expect(Set(targets.filter { !$0.hasPrefix("ours-") }) == Set(numbered))
        let text = try String(
            contentsOf: Fixtures.repository.appendingPathComponent("docs/results.md"), encoding: .utf8)
        for name in targets { #expect(text.contains("| `\(name)` |"), "\(name)") }
    }
}
