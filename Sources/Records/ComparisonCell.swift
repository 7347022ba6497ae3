import Files
import Foundation

/// A line of cells.jsonl of compare-runs: one row of a comparison in one column.
public struct ComparisonCell: Decodable, Equatable, Sendable {
    public static let file = "cells.jsonl"

    /// Name of the test of a difference: over seeds, or over the questions of one seed.
    public enum Test: String, Decodable, Sendable {
        case pairedT = "paired t"
        case mcnemar
    }

    /// Side of the baseline that a row's score is on.
    public enum Direction: String, Decodable, Sendable { case above, below }

    public let row: String
    /// A benchmark's name, `average`, or one of the columns of costs.
    public private(set) var column: String
    public let baseline: String
    public let seeds: Int
    /// Mean over seeds; nil where a run has no such number.
    public var mean, standardError: Double?
    /// Difference from the baseline; nil for the baseline itself and for costs.
    public var difference, differenceStandardError: Double?
    public var test: Test?
    /// Of a paired t test.
    public var t: Double?, degreesOfFreedom: Int?
    /// Of McNemar's: questions that only the row, and only the baseline, has right.
    public var wins: Int?, losses: Int?
    public var p: Double?
    /// Side that the paper has the row on.
    public let paper: Direction?

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
        case .mcnemar:
            json.append("test", .string(Test.mcnemar.rawValue))
            json.append("wins", .int(wins ?? 0))
            json.append("losses", .int(losses ?? 0))
        case nil: break
        }
        json.append("p", number(p))
        json.append("paper", paper.map { .string($0.rawValue) } ?? .null)
        return json
    }
}
