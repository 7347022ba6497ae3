import Files
import Foundation

/// A table of the report; each is also a CSV file beside the page.
public struct ReportTable: Sendable, Equatable {
    /// Name of the CSV file without its ending.
    public internal(set) var id: String
    public let title: String
    /// Plain words about what the reader should know.
    public var caption = ""
    public let columns: [String]
    public var rows: [Row] = []

    public struct Row: Sendable, Equatable {
        public let cells: [String]
        /// Whether the row is set apart: a total, or numbers that are not ours.
        public var isQuiet = false

        public init(_ cells: [String], isQuiet: Bool = false) {
            (self.cells, self.isQuiet) = (cells, isQuiet)
        }
    }

    public init(id: String, title: String, caption: String = "", columns: [String], rows: [Row] = []) {
        (self.id, self.title, self.caption, self.columns, self.rows) = (id, title, caption, columns, rows)
    }

    public var csv: String { CSV.text([columns] + rows.map(\.cells)) }

    /// Columns whose cells are all numbers (or empty, or a dash): they are set flush right.
    var numericColumns: [Bool] {
        columns.indices.map { column in
            let cells = rows.compactMap { $0.cells.indices.contains(column) ? $0.cells[column] : nil }
            return cells.contains { isNumber($0) }
                && cells.allSatisfy { $0.isEmpty || $0 == "–" || $0 == "-" || isNumber($0) }
        }
    }

    private func isNumber(_ cell: String) -> Bool {
        let digits = CharacterSet(charactersIn: "0123456789")
        return cell.unicodeScalars.contains { digits.contains($0) }
            && cell.unicodeScalars.allSatisfy {
                digits.contains($0) || "+-−±.,:%eE /()<=≤×*".unicodeScalars.contains($0)
            }
    }

    var context: [String: Any] {
        let numeric = numericColumns
        return [
            "title": title, "caption": caption, "hasCaption": !caption.isEmpty, "file": "\(id).csv",
            "columns": columns.indices.map { ["text": columns[$0], "number": numeric[$0]] as [String: Any] },
            "rows": rows.map { row in
                [
                    "quiet": row.isQuiet,
                    "cells": columns.indices.map { column -> [String: Any] in
                        let text = row.cells.indices.contains(column) ? row.cells[column] : ""
                        return [
                            "text": text, "number": numeric[column], "head": column == 0,
                            // A path, or names joined: on one line they would take up to half the page.
                            "long": text.count > 24,
                        ]
                    },
                ] as [String: Any]
            },
        ]
    }
}

/// Numbers as the page writes them.
enum Printed {
    /// Fixed decimals; a dash for what is not there or not finite.
    static func number(_ value: Double?, _ decimals: Int = 1) -> String {
        guard let value, value.isFinite else { return "–" }
        return String(format: "%.\(decimals)f", value)
    }

    /// A count with its thousands set apart: `1,234,567`.
    static func count(_ value: Int) -> String {
        let digits = String(value.magnitude)
        var groups: [Substring] = []
        var rest = digits[...]
        while !rest.isEmpty {
            groups.insert(rest.suffix(3), at: 0)
            rest = rest.dropLast(3)
        }
        return (value < 0 ? "−" : "") + groups.joined(separator: ",")
    }

    /// 0.87 M, 494 M, 7.60 G
    static func short(_ count: Int) -> String {
        for (size, unit) in [(1e9, "G"), (1e6, "M"), (1e3, "k")] where Double(count) >= size {
            let value = Double(count) / size
            return String(format: value >= 100 ? "%.0f %@" : "%.2f %@", value, unit)
        }
        return "\(count)"
    }

    /// The first twelve digits of a digest: enough to find it.
    static func digest(_ digest: String) -> String { String(digest.prefix(12)) }
}
