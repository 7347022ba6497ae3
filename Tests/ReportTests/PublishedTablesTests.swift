import Comparing
import Files
import Foundation
import Settings
import Stage
import TestSupport
import Testing

/// The files of pipelines/ablations/tables against the paper's tables (Tests/Fixtures/paper): every row and
/// number of the paper is there and none besides, and rows of ours stand for rows of the paper.
@Suite struct PublishedTablesTests {
    private let folder = Fixtures.repository.appendingPathComponent("pipelines/ablations/tables")

    private func paper(_ number: Int) throws -> [[String]] {
        let file = Fixtures.repository.appendingPathComponent("Tests/Fixtures/paper/table\(number).csv")
        return CSV.rows(try String(contentsOf: file, encoding: .utf8))
    }

    private func settings(_ name: String) throws -> ComparisonSettings {
        try RecipeLoader.load(
            ComparisonSettings.self, config: folder.appendingPathComponent("\(name).yaml"))
    }

    private func numbers(_ cells: some Sequence<String>) -> [Double?] { cells.map { Double($0) } }

    /// Name of the paper's row -> its numbers.
    private func expected(_ number: Int) throws -> [String: [Double?]] {
        let table = try paper(number)
        let rows = table.dropFirst()
        func named(_ name: ([String]) -> String, _ from: Int) -> [String: [Double?]] {
            Dictionary(uniqueKeysWithValues: rows.map { (name($0), numbers($0.dropFirst(from))) })
        }
        switch number {
        case 2, 17: return named({ $0[number == 2 ? 0 : 1] }, 2)
        case 4:
            let names = [
                "neither": ["", ""], "IVA": ["yes", ""], "TPA": ["", "yes"], "IVA and TPA": ["yes", "yes"],
            ]
            return named({ row in names.first { $0.value == Array(row.prefix(2)) }?.key ?? "" }, 2)
        case 5, 6:  // a column a model there, a row a model here
            return Dictionary(
                uniqueKeysWithValues: table[0].indices.dropFirst().map { column in
                    (table[0][column], rows.map { Double($0[column]) })
                })
        default: return named({ $0[0] }, 1)
        }
    }

    @Test(arguments: [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 15, 16, 17])
    func everyRowAndNumberOfThePaperIsThereAndNoneBesides(number: Int) throws {
        let (expected, settings) = (try expected(number), try settings("table\(number)"))
        for row in settings.rows {
            let name = try #require(row.paper, "\(row.row ?? "") stands for no row of the paper")
            #expect(row.published == expected[name], "\(name)")
        }
        #expect(Set(settings.rows.compactMap(\.paper)) == Set(expected.keys))
        #expect(!settings.names.isEmpty)
    }

    /// Table 14 has expressions in place of numbers.
    @Test func passesAreThePapersExpressions() throws {
        let rows = try settings("table14").rows
        #expect(rows.map { [$0.paper ?? ""] + $0.publishedText } == Array(try paper(14).dropFirst()))
        #expect(rows.allSatisfy { $0.row != nil && $0.published.isEmpty })
    }

    @Test func thePublishedSystemsAreThoseOfTable1() throws {
        let systems = try RecipeLoader.load(
            PublishedModels.self, config: folder.appendingPathComponent("table1.yaml")
        ).models
        let rows = try paper(1).dropFirst()
        #expect(systems.count == 24 && rows.count == 24)
        for (system, row) in zip(systems, rows) {
            #expect(
                [system.method, system.llm, system.parameters, system.distilled ? "yes" : ""]
                    == Array(row.prefix(4)))
            #expect(system.published == numbers(row.dropFirst(4)), "\(row)")
            #expect(system.row.average == Double(row[10]))
        }
    }

    /// The averages of the paper are means of its numbers, to their last digit.
    @Test func publishedAveragesAreMeansOfTheSix() throws {
        for name in ["table3", "table7", "table10", "table15", "table16", "table17"] {
            for row in try settings(name).rows {
                let six = row.published.prefix(6).compactMap { $0 }
                let average = try #require(row.published[6])
                #expect(abs(six.reduce(0, +) / 6 - average) < 0.1, "\(name), \(row.paper ?? "")")
            }
        }
    }

    /// On the averages the paper has the directions that its text claims.
    @Test func directionsFollowFromTheNumbers() throws {
        func directions(_ name: String) throws -> [String: String] {
            let settings = try settings(name)
            // Nothing was asked here, so the columns have to be named.
            var named = settings
            named.columns = settings.publishedColumns
            return Dictionary(
                uniqueKeysWithValues: try RunComparison(named, runs: [:]).cells()
                    .filter { $0.column == "average" }.map { ($0.row, $0.paper?.rawValue ?? "") })
        }
        #expect(
            try directions("table3")
                == ["kd": "", "kd-reverse": "below", "kd-jsd": "below", "gkd": "below", "align-ti": "above"])
        #expect(try directions("table15") == ["sft": "below", "kd": "", "align-ti": "above"])
        #expect(try directions("table9") == ["sft-iva+uniform": "", "sft-iva": "above"])
        #expect(try directions("table7")["sft-iva+layer-3-4"] == "")
        #expect(try directions("figure9")["align-ti+data-25"] == "above")
    }
}
