import Files
import Foundation

/// The losses of one training run, from its metrics.jsonl.
public struct LossCurves: Sendable {
    /// Loss terms in the order of the paper.
    public static let terms = ["sft", "iva", "kd", "tpa"]
    public let name: String
    public private(set) var steps: [Double] = []
    public private(set) var loss: [Double] = []
    /// By term; nats, before weighting.
    public private(set) var values: [String: [Double]] = [:]
    /// Lines that are not metrics.
    public private(set) var skipped = 0

    /// - Throws: `FilesError` where the file cannot be read
    public init(name: String, file: URL) throws {
        self.name = name
        for term in Self.terms { values[term] = [] }
        try JSONLines.forEach(of: file) { line in
            guard let value = try? JSONValue(parsing: line.bytes), let step = value["step"]?.double,
                let loss = value["loss"]?.double
            else {
                skipped += 1
                return
            }
            steps.append(step)
            self.loss.append(loss)
            for term in Self.terms { values[term]?.append(value["terms"]?[term]?.double ?? 0) }
        }
    }

    /// Terms that were part of the objective: those that are not zero throughout.
    public var usedTerms: [String] {
        Self.terms.filter { term in values[term]?.contains { $0 != 0 } ?? false }
    }

    /// At most `count` points, each the mean over as many neighbouring steps; the last may be of fewer.
    public func curve(_ values: [Double], points count: Int) -> [(x: Double, y: Double)] {
        let width = max(1, (steps.count + count - 1) / max(1, count))
        return stride(from: 0, to: min(steps.count, values.count), by: width).map { start in
            let range = start..<min(start + width, steps.count, values.count)
            let n = Double(range.count)
            return (steps[range].reduce(0, +) / n, values[range].reduce(0, +) / n)
        }
    }

    /// Nil where nothing was written yet.
    public func plot(id: String, points: Int) -> Plot? {
        let used = usedTerms
        guard !steps.isEmpty, !used.isEmpty else { return nil }
        var series = used.map { Plot.Series(Self.label($0), curve(values[$0] ?? [], points: points)) }
        if used.count > 1 { series.append(Plot.Series("all, weighted", curve(loss, points: points))) }
        // A loss starts many times higher than it ends: the frame is that of the steps after the first
        // twenty-fifth.
        let later = series.flatMap { $0.points.dropFirst(1 + $0.points.count / 25) }.map(\.y)
        let last = series.map { "\($0.name) \(Printed.number($0.points.last?.y, 3))" }.joined(separator: ", ")
        return Plot(
            id: id, alternative: "Losses of \(name) over \(steps.count) steps; at the end \(last).",
            xLabel: "step", yLabel: "nats", yLimit: later.max().map { $0 * 1.15 }, series: series)
    }

    static func label(_ term: String) -> String {
        switch term {
        case "sft": "SFT: the right answer"
        case "iva": "IVA: visual tokens, weighted by attention"
        case "kd": "KD: the teacher’s next token"
        case "tpa": "TPA: what follows the student’s own tokens"
        default: term
        }
    }
}

/// One plot a training run.
struct LossSection {
    let run: RunFolder
    let points: Int

    func section(_ figure: (Plot, String) throws -> Figure) throws -> ReportSection {
        var section = ReportSection(
            id: "losses", title: "Training losses",
            lead:
                "Each training run, its loss split into the terms it was trained on. Lower is better. A point is the mean over "
                + "neighbouring steps; the very first ones may lie above the frame.")
        let finished = run.made(by: "train-student").sorted {
            ($0.receipt.finishedAt, $0.name) < ($1.receipt.finishedAt, $1.name)
        }
        // Of a comparison's rows the first seed stands for the others.
        let repeated = finished.filter { $0.repetition != nil }
        let rows = Dictionary(grouping: repeated) { $0.repetition?.row ?? "" }.values.compactMap { runs in
            runs.min { ($0.repetition?.seed ?? 0) < ($1.repetition?.seed ?? 0) }
        }.sorted { $0.name < $1.name }
        let single = finished.filter { $0.repetition == nil }
        section.sources = single
        let figures = try (single.map(\.name) + run.unfinished).compactMap { name in
            try self.figure(name, isFinished: !run.unfinished.contains(name), &section.blocks, figure)
        }
        section.blocks.insert(
            figures.isEmpty
                ? .absent("No training run has a metrics.jsonl.") : .figures(figures), at: 0)
        let folded = try rows.compactMap {
            try self.figure($0.name, isFinished: true, &section.blocks, figure)
        }
        if !folded.isEmpty {
            section.blocks.append(
                .folded("The \(folded.count) rows of the comparisons, a seed of each", [.figures(folded)]))
        }
        return section
    }

    /// Nil, and said in the blocks, where there is nothing to draw.
    private func figure(
        _ name: String, isFinished: Bool, _ blocks: inout [ReportSection.Block],
        _ figure: (Plot, String) throws -> Figure
    ) throws -> Figure? {
        let file = run.url.appendingPathComponent(name).appendingPathComponent("metrics.jsonl")
        guard let curves = try? LossCurves(name: name, file: file),
            let plot = curves.plot(id: "losses-\(Anchor.words(name))", points: points)
        else {
            blocks.append(.absent("\(name) has no readable metrics.jsonl."))
            return nil
        }
        let state = isFinished ? "" : ", not finished"
        let skipped = curves.skipped == 0 ? "" : " \(curves.skipped) lines could not be read."
        return try figure(plot, "\(name), \(Printed.count(curves.steps.count)) steps\(state).\(skipped)")
    }
}
