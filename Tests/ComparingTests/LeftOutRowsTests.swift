import Comparing
import Foundation
import Records
import Testing

/// Rows that a pipeline cannot make.
@Suite struct LeftOutRowsTests {
    private func run(_ score: Double) -> RunScores { RunScores(values: ["pope": score], items: []) }

    private func settings() -> ComparisonSettings {
        var settings = ComparisonSettings()
        settings.baseline = "kd"
        settings.rows = [
            ComparedRow(row: "kd", paper: "Vanilla KD"), ComparedRow(row: "align-ti", paper: "Align-TI"),
            ComparedRow(row: nil, paper: "MoVE-KD"),
        ]
        return settings
    }

    @Test func aRowThatCannotBeMadeIsLeftOutAndSaid() throws {
        let left = settings().leavingOut(["align-ti": "the teacher has no such layer"])
        #expect(left.names == ["kd"] && left.rows.map(\.paper) == ["Vanilla KD", "Align-TI", "MoVE-KD"])
        #expect(left.remarks == ["align-ti is left out: the teacher has no such layer."])
        let none = settings().leavingOut(["kd": "it is so"])
        #expect(none.baseline == nil && none.names == ["align-ti"])
        let table = ComparisonTable(
            try RunComparison(none, runs: ["align-ti": [run(63), run(66)]]).cells(), none)
        #expect(table.lines[0].cells == ["row", "POPE"] && table.text.contains("kd is left out: it is so."))
    }

    @Test func aRowWhoseOwnBaselineIsLeftOutIsNotTestedAgainstAnother() throws {
        var settings = settings()
        settings.rows += ["kd25", "sft25"].map { ComparedRow(row: $0) }
        settings.rows[4].against = "kd25"
        let left = settings.leavingOut(["kd25": "there is no data"])
        let runs = ["kd", "align-ti", "sft25"].map { ($0, [run(60), run(62), run(65)]) }
        let cells = try RunComparison(left, runs: Dictionary(uniqueKeysWithValues: runs)).cells()
        let untested = try #require(cells.first { $0.row == "sft25" })
        #expect(untested.mean != nil && untested.difference == nil && untested.baseline.isEmpty)
        #expect(left.remarks.last == "What sft25 would be tested against is left out.")
    }
}
