import Files
import Foundation

/// A chapter of the page.
struct ReportSection {
    let id: String
    let title: String
    /// Plain words about what it shows.
    let lead: String
    var blocks: [Block] = []
    /// The results its numbers come from.
    var sources: [RunResult] = []

    enum Block {
        case paragraph(String)
        /// Something a reader may look for and that this run does not have.
        case absent(String)
        case table(ReportTable)
        case figures([Figure])
        case grid(ImageGrid)
        case answers(AnswerSamples)
        case details(Details)
        /// Numbers of this run that are unusual, and what that may mean.
        static func odd(_ text: String) -> Block { .paragraph("Unusual: \(text)") }
        /// Blocks behind a summary, closed until they are asked for; no folds inside.
        case folded(String, [Block])

        /// This block, or those it folds.
        var leaves: [Block] { if case .folded(_, let blocks) = self { blocks } else { [self] } }
    }

    var context: [String: Any] {
        [
            "id": id, "title": title, "lead": lead, "blocks": blocks.map(\.context),
            "sources": sources.map {
                ["name": $0.name, "anchor": Anchor.of($0.name), "digest": Printed.digest($0.digest)]
            },
            "hasSources": !sources.isEmpty,
        ]
    }
}

extension ReportSection.Block {
    var context: [String: Any] {
        switch self {
        case .paragraph(let text): ["paragraph": text]
        case .absent(let text): ["absent": text]
        case .table(let table): ["table": table.context]
        case .figures(let figures): ["figures": ["items": figures.map(\.context)]]
        case .grid(let grid): ["grid": grid.context]
        case .answers(let answers): ["answers": answers.context]
        case .details(let details): ["details": details.context]
        case .folded(let summary, let blocks):
            ["folded": ["summary": summary, "inside": blocks.map(\.context)]]
        }
    }
}

/// A plot with its legend and caption.
struct Figure {
    let svg: String
    let caption: String
    var plot: Plot

    var context: [String: Any] {
        [
            "svg": svg, "caption": caption, "file": "\(plot.id).csv",
            "hasLegend": plot.series.count > 1,
            "legend": plot.series.enumerated().map { index, series in
                [
                    "name": series.name, "colour": index % Plot.seriesColours + 1,
                    "dash": Plot.dash(index).svg,
                ] as [String: Any]
            },
        ]
    }
}

/// Pictures in rows and columns.
struct ImageGrid {
    struct Cell {
        /// A data URI; nil leaves the place empty.
        let uri: String?
        let alternative: String
        var note = ""
        /// Verdict on the answer; nil where there is nothing to judge.
        var mark: AnswerMark?
    }

    struct Row {
        let heading: String
        var note = ""
        let cells: [Cell]
    }

    let caption: String
    let columns: [String]
    let rows: [Row]

    var context: [String: Any] {
        [
            "caption": caption, "columns": columns, "hasColumns": !columns.isEmpty,
            "rows": rows.map { row in
                [
                    "heading": row.heading, "note": row.note,
                    "cells": row.cells.map { cell in
                        [
                            "uri": cell.uri ?? "", "hasPicture": cell.uri != nil,
                            "alternative": cell.alternative, "note": cell.note,
                            "mark": cell.mark?.sign ?? "", "kind": cell.mark?.rawValue ?? "none",
                        ] as [String: Any]
                    },
                ] as [String: Any]
            },
        ]
    }
}

/// Names and values that are looked up rarely.
struct Details {
    let id: String
    let summary: String
    let rows: [(name: String, value: String)]

    var context: [String: Any] {
        [
            "id": id, "summary": summary,
            "rows": rows.map { ["name": $0.name, "value": $0.value] },
        ]
    }
}

/// Verdict on an answer.
enum AnswerMark: String {
    case right, partly, wrong, missing

    init(verdict: String) {
        self =
            switch verdict {
            case "right": .right
            case "partly right": .partly
            case "missing": .missing
            default: .wrong
            }
    }

    var sign: String {
        switch self {
        case .right: "✓"
        case .partly: "½"
        case .wrong: "✗"
        case .missing: "–"
        }
    }
}

/// Targets of links inside the page.
enum Anchor {
    /// The name of a result as part of an id or a file's name: `tables-table3`. Names of folders may hold
    /// anything and be of any length; what cannot stand in markup is replaced, and a digest tells such names
    /// apart.
    static func words(_ name: String) -> String {
        let plain = String(
            name.unicodeScalars.map { scalar in
                isWord(scalar) || "+._".unicodeScalars.contains(scalar) ? Character(scalar) : "-"
            })
        let isOwn = plain == name.replacingOccurrences(of: "/", with: "-") && plain.count <= 100
        return isOwn ? plain : "\(plain.prefix(80))-\(Digest.sha256(name).prefix(8))"
    }

    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
    }

    static func of(_ name: String) -> String {
        "result-" + String(name.unicodeScalars.map { isWord($0) ? Character($0) : "-" })
    }
}
