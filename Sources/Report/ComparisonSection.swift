import Comparing
import Foundation
import Records

/// The comparisons that compare-runs made: the paper's tables and figures, and our own.
struct ComparisonSection {
    let run: RunFolder
    /// Titles of benchmarks instead of their own, by name.
    var titles: [String: String] = [:]

    func section() throws -> ReportSection {
        var section = ReportSection(
            id: "comparisons", title: "Comparisons",
            lead:
                "What each part of the method contributes: one table for each comparison that was run. "
                + "Tables and figures have the paper’s numbers, and rows in italics are the paper’s own. "
                + "Cells are means over replicates, ± standard errors. ‘direction’ says whether a row is "
                + "above or below the baseline, and whether the paper has it there.")
        section.sources = run.made(by: "compare-runs").sorted { Self.order($0) < Self.order($1) }
        if section.sources.isEmpty {
            section.blocks.append(.absent("No comparison was made (make paper, or make table15)."))
        }
        for result in section.sources {
            do { section.blocks.append(.table(try table(result))) } catch {
                try refuseDiskFailure(error)
                section.blocks.append(
                    .absent("\(result.name)/\(ComparisonCell.file) cannot be shown: \(error)"))
            }
        }
        return section
    }

    /// Tables before figures before our own, each by number; those of other teachers after the pipeline's.
    private static func order(_ result: RunResult) -> String {
        let folder = result.name.split(separator: "/").dropLast().joined(separator: "/")
        let name = result.name.split(separator: "/").last.map(String.init) ?? ""
        let kind = name.hasPrefix("table") ? 0 : name.hasPrefix("figure") ? 1 : 2
        let number = String(repeating: "0", count: max(0, 4 - name.filter(\.isNumber).count))
        return "\(folder) \(kind) \(number)\(name.filter(\.isNumber)) \(name)"
    }

    private func table(_ result: RunResult) throws -> ReportTable {
        guard let settings = try? ComparisonSettings(receipt: result.receipt.recipe) else {
            throw OldComparison()
        }
        let table = ComparisonTable(
            try ComparisonCell.read(result.file(ComparisonCell.file)), settings, titles: titles)
        let lines = table.pageLines
        return ReportTable(
            id: Anchor.words(result.name), title: Self.title(result.name),
            caption: table.caption.joined(separator: " "), columns: lines[0].cells,
            rows: lines.dropFirst().map { ReportTable.Row($0.cells, isQuiet: $0.isPaper) })
    }

    /// `tables/table3` → `Table 3.`, `tables/teacher-2/table3` → `Table 3, teacher-2.`
    private static func title(_ name: String) -> String {
        let parts = name.split(separator: "/").map(String.init)
        let words = (parts.last ?? name).replacing(#/([A-Za-z])([0-9])/#) {
            "\($0.output.1) \($0.output.2)"
        }
        let teacher = parts.dropLast().last.flatMap { $0.hasPrefix("teacher-") ? ", \($0)" : nil } ?? ""
        return words.prefix(1).uppercased() + words.dropFirst() + teacher + "."
    }
}

/// A comparison of the time before tables had the paper's numbers: under its name there is another one now.
private struct OldComparison: Error, CustomStringConvertible {
    let description =
        "it was made before tables had the numbers of the paper’s, under which they now compare something "
        + "else; make it again, or remove the folder"
}
