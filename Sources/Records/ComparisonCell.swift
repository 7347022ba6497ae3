import Files
import Foundation

/// A line of cells.jsonl of compare-runs: one row of a comparison in one column.
public struct ComparisonCell: Decodable, Equatable, Sendable {
    public static let file = "cells.jsonl"

    /// Name of the test of a difference: over seeds, or over the questions of one seed.
    public enum Test: String, Decodable, Sendable {
        case pairedT = "paired t"
        case mcnemar
        case signFlips = "sign flips"
    }

    /// Side of the baseline that a row's score is on.
    public enum Direction: String, Codable, CaseIterable, Sendable { case above, below }

    /// Our row; empty where only the paper has one.
    public let row: String
    /// A benchmark's name, `average`, or one of the columns of costs.
    public private(set) var column: String
    /// Empty where nothing is tested.
    public let baseline: String
    /// Replicates of the row.
    public let seeds: Int
    /// Mean over seeds; nil where a run has no such number.
    public var mean, standardError: Double?
    /// Difference from the baseline; nil for the baseline itself and for costs.
    public var difference, differenceStandardError: Double?
    public var test: Test?
    /// Of a paired t test.
    public var t: Double?, degreesOfFreedom: Int?
    /// Of the test by flips of signs: the statistic in its standard deviations.
    public var z: Double?
    /// Replicates in which the row, and in which the baseline, is better; of tests over questions: those that
    /// the one has more of right.
    public var wins: Int?, losses: Int?
    public var p: Double?
    /// Of the sign test over replicates, and p as Holm corrects it for the rows tested in this column.
    public var signP: Double?, holmP: Double?
    /// Side that the paper has the row on.
    public let paper: Direction?
    /// Name of the paper's row, its number in this column, or what it has instead, and its difference from
    /// the paper's row of the baseline.
    public var paperRow: String?, published: Double?, publishedText: String?, publishedDifference: Double?

    public init(row: String, column: String, baseline: String, seeds: Int, paper: Direction?) {
        (self.row, self.column, self.baseline) = (row, column, baseline)
        (self.seeds, self.paper) = (seeds, paper)
    }

    /// - Throws: `RecordError`, `FilesError` where the file cannot be read
    public static func read(_ url: URL) throws -> [ComparisonCell] {
        var cells = try RecordFormat.lines(Self.self, url)
        // Earlier files call it so.
        for index in cells.indices where cells[index].column == "train_seconds" {
            cells[index].column = "training_seconds"
        }
        return cells
    }

    /// Which way the test itself points; a headline may point the other way (POPE's F1, MME's pairs).
    public var tested: Direction? {
        let sign: Double =
            switch test {
            case .pairedT: difference ?? 0
            case .mcnemar: Double(wins ?? 0) - Double(losses ?? 0)
            case .signFlips: z ?? 0
            case nil: 0
            }
        return sign == 0 ? nil : sign > 0 ? .above : .below
    }

    /// The cells as lines, numbers in full; null is undefined.
    public static func text(_ cells: [ComparisonCell]) -> String {
        cells.map { JSONValue.object($0.json).text(.line) + "\n" }.joined()
    }

    private var json: JSONObject {
        let number = RecordFormat.number
        var json: JSONObject = [
            "row": .string(row), "column": .string(column), "baseline": .string(baseline),
            "seeds": .int(seeds), "mean": number(mean), "standard_error": number(standardError),
            "difference": number(difference), "difference_standard_error": number(differenceStandardError),
        ]
        switch test {
        case .pairedT:
            json.append("test", .string(Test.pairedT.rawValue))
            json.append("t", number(t))
            json.append("degrees_of_freedom", .int(degreesOfFreedom ?? 0))
            json.append("wins", .int(wins ?? 0))
            json.append("losses", .int(losses ?? 0))
            json.append("sign_p", number(signP))
        case .mcnemar, .signFlips:
            json.append("test", .string(test?.rawValue ?? ""))
            if test == .signFlips { json.append("z", number(z)) }
            json.append("wins", .int(wins ?? 0))
            json.append("losses", .int(losses ?? 0))
        case nil: break
        }
        json.append("p", number(p))
        if test != nil { json.append("holm_p", number(holmP)) }
        json.append("paper", paper.map { .string($0.rawValue) } ?? .null)
        if let paperRow {
            json.append("paper_row", .string(paperRow))
            json.append("published", number(published))
            if let publishedText { json.append("published_text", .string(publishedText)) }
            json.append("published_difference", number(publishedDifference))
        }
        return json
    }
}
