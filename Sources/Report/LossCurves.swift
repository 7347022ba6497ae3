import Foundation
import Records

/// The losses of one training run, from its metrics.jsonl.
public struct LossCurves: Sendable {
    public let name: String
    /// The steps that were made.
    public let steps: [StepMetrics]
    /// Steps that were skipped, because a number was not finite.
    public let notFinite: Int
    /// Number of lines that are not metrics.
    public let skipped: Int

    /// - Throws: `FilesError` where the file cannot be read
    public init(name: String, file: URL) throws {
        let (steps, problems) = try MetricsFile.read(file)
        (self.name, skipped) = (name, problems.count)
        self.steps = steps.filter { $0.skipped == nil }
        notFinite = steps.count - self.steps.count
    }

    /// Terms that were part of the objective: those that are not zero throughout.
    public var usedTerms: [LossTerms.Name] {
        LossTerms.Name.allCases.filter { term in steps.contains { $0.terms[term] != 0 } }
    }

    /// Curve of at most `count` points, each the mean over as many neighbouring steps; the last may be of
    /// fewer.
    public func curve(points count: Int, _ value: (StepMetrics) -> Double) -> [(x: Double, y: Double)] {
        let width = max(1, (steps.count + count - 1) / max(1, count))
        return stride(from: 0, to: steps.count, by: width).map { start in
            let part = steps[start..<min(start + width, steps.count)]
            func mean(_ value: (StepMetrics) -> Double) -> Double {
                part.reduce(0) { $0 + value($1) } / Double(part.count)
            }
            return (mean { Double($0.step) }, mean(value))
        }
    }

    /// Plot of the used terms; nil where nothing was written yet.
    public func plot(id: String, points: Int) -> Plot? {
        let used = usedTerms
        guard !steps.isEmpty, !used.isEmpty else { return nil }
        var series = used.map { term in
            Plot.Series(Self.label(term), curve(points: points) { $0.terms[term] })
        }
        if used.count > 1 { series.append(Plot.Series("all, weighted", curve(points: points, \.loss))) }
        // A loss starts many times higher than it ends: the frame is that of the steps after the first
        // twenty-fifth.
        let later = series.flatMap { $0.points.dropFirst(1 + $0.points.count / 25) }.map(\.y)
        let last = series.map { "\($0.name) \(Printed.number($0.points.last?.y, 3))" }.joined(separator: ", ")
        return Plot(
            id: id, alternative: "Losses of \(name) over \(steps.count) steps; at the end \(last).",
            xLabel: "step", yLabel: "nats", yLimit: later.max().map { $0 * 1.15 }, series: series)
    }

    static func label(_ term: LossTerms.Name) -> String {
        switch term {
        case .sft: "SFT: the right answer"
        case .iva: "IVA: visual tokens, weighted by attention"
        case .kd: "KD: the teacher’s next token"
        case .tpa: "TPA: what follows the student’s own tokens"
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
                "Each training run, its loss split into the terms it was trained on. Lower is better. A "
                + "point is the mean over neighbouring steps; the very first ones may lie above the frame.")
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
        let figures =
            try single.compactMap { try self.figure($0.name, $0, &section.blocks, figure) }
            + run.unfinished.compactMap { try self.figure($0, nil, &section.blocks, figure) }
        section.blocks.insert(
            figures.isEmpty
                ? .absent("No training run has a \(MetricsFile.file).") : .figures(figures), at: 0)
        // Of a finished run what its receipt vouches for; it may have none.
        let looking = single.filter { result in
            result.receipt.outputs.contains { $0.path == ValidationFile.file }
        }
        let heldBack =
            try looking.flatMap { result in
                try self.heldBack(result.name, &section.blocks, figure) {
                    try result.file(ValidationFile.file)
                }
            }
            + run.unfinished.flatMap { name in
                try self.heldBack(name, &section.blocks, figure) {
                    run.url.appendingPathComponent(name).appendingPathComponent(ValidationFile.file)
                }
            }
        if !heldBack.isEmpty { section.blocks.insert(.figures(heldBack), at: 1) }
        let bySource = try single.compactMap { result -> Figure? in
            // What cannot be read is said above.
            let losses = try ifReadable {
                try LossCurves(name: result.name, file: result.file(MetricsFile.file))
            }
            guard let losses else { return nil }
            let curves = SourceCurves(losses: losses, points: points)
            return try curves.plot(id: "sources-\(Anchor.words(result.name))").map {
                try figure($0, curves.caption)
            }
        }
        if !bySource.isEmpty { section.blocks.append(.figures(bySource)) }
        var repeats = RepeatsTable()
        for result in single {
            guard result.receipt.outputs.contains(where: { $0.path == RepeatsFile.file }) else { continue }
            do { repeats.add(try RepeatsFile(result.file(RepeatsFile.file)), of: result.name) } catch {
                try refuseDiskFailure(error)
                section.blocks.append(.absent("\(result.name) has no \(RepeatsFile.file) to read: \(error)"))
            }
        }
        section.blocks += repeats.tables.map { .table($0) }
        do {
            let scored = try CheckpointScores(run)?.plots.map {
                try figure($0, "Scores of checkpoints by step.")
            }
            if let scored, !scored.isEmpty { section.blocks.append(.figures(scored)) }
        } catch let error as ReportError {
            throw error
        } catch {
            try refuseDiskFailure(error)
            section.blocks.append(.absent("The scores of checkpoints cannot be read: \(error)"))
        }
        let folded = try rows.compactMap {
            try self.figure($0.name, $0, &section.blocks, figure)
        }
        if !folded.isEmpty {
            section.blocks.append(
                .folded("The \(folded.count) rows of the comparisons, a seed of each", [.figures(folded)]))
        }
        return section
    }

    /// Figures of what a run found on samples that it is not trained on.
    private func heldBack(
        _ name: String, _ blocks: inout [ReportSection.Block], _ figure: (Plot, String) throws -> Figure,
        file: () throws -> URL
    ) throws -> [Figure] {
        let curves: HeldBackCurves
        do {
            guard let found = try HeldBackCurves(name: name, file: file()) else { return [] }
            curves = found
        } catch {
            try refuseDiskFailure(error)
            blocks.append(.absent("\(name) has no \(ValidationFile.file) that can be read: \(error)"))
            return []
        }
        let id = Anchor.words(name)
        let plots = [
            curves.losses(id: "held-back-\(id)"), curves.tokens(id: "held-back-tokens-\(id)"),
            curves.sources(id: "held-back-sources-\(id)"),
        ]
        return try plots.compactMap { try $0.map { try figure($0, curves.caption) } }
    }

    /// Figure of one run; nil, which the blocks then say, where there is nothing to draw.
    ///
    /// - Parameter result: the finished run; nil where it is not finished
    private func figure(
        _ name: String, _ result: RunResult?, _ blocks: inout [ReportSection.Block],
        _ figure: (Plot, String) throws -> Figure
    ) throws -> Figure? {
        let curves: LossCurves
        do {
            let loose = run.url.appendingPathComponent(name).appendingPathComponent(MetricsFile.file)
            curves = try LossCurves(name: name, file: result?.file(MetricsFile.file) ?? loose)
        } catch {
            try refuseDiskFailure(error)
            blocks.append(.absent("\(name) has no \(MetricsFile.file) that can be read: \(error)"))
            return nil
        }
        guard let plot = curves.plot(id: "losses-\(Anchor.words(name))", points: points) else {
            blocks.append(.absent("\(name) has no step in its \(MetricsFile.file)."))
            return nil
        }
        let state = result == nil ? ", not finished" : ""
        let notFinite = curves.notFinite == 0 ? "" : " \(curves.notFinite) more were skipped: not finite."
        let skipped = curves.skipped == 0 ? "" : " \(curves.skipped) lines could not be read."
        return try figure(
            plot, "\(name), \(Printed.count(curves.steps.count)) steps\(state).\(notFinite)\(skipped)")
    }
}
