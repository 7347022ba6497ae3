import Files
import Foundation
import Records

/// Times and memory of each stage, and the teacher outputs that were found in the store instead of computed.
struct CostSection {
    let run: RunFolder

    func section() -> ReportSection {
        var section = ReportSection(
            id: "cost", title: "What it cost",
            lead:
                "Time on the clock, processor time over all threads, and the most memory a stage held, as "
                + "its receipt says."
        )
        guard !run.results.isEmpty else {
            section.blocks.append(.absent("No stage has finished yet."))
            return section
        }
        section.blocks.append(.table(table))
        section.blocks.append(contentsOf: reuse)
        return section
    }

    /// Results that count as one: the runs of a comparison's row, with all seeds, or a single result.
    private var groups: [(name: String, stage: String, receipts: [Receipt])] {
        let all = Dictionary(grouping: run.results) { $0.repetition?.row ?? $0.name }
        func finished(_ results: [RunResult]) -> String { results.map(\.receipt.finishedAt).max() ?? "" }
        return all.sorted { (finished($0.value), $0.key) < (finished($1.value), $1.key) }.map {
            name, results in
            let seeds = Set(results.compactMap { $0.repetition?.seed }).count
            let stages = Set(results.map(\.receipt.stage)).sorted()
            return (
                seeds > 1 ? "\(name), \(seeds) seeds" : name, stages.joined(separator: ", "),
                results.map(\.receipt)
            )
        }
    }

    private var table: ReportTable {
        func row(_ name: String, _ stage: String, _ receipts: [Receipt], isQuiet: Bool = false)
            -> ReportTable.Row
        {
            ReportTable.Row(
                [
                    name, stage, Printed.number(receipts.reduce(0) { $0 + $1.wallSeconds }),
                    Printed.number(receipts.reduce(0) { $0 + $1.cpuSeconds }),
                    Printed.number(Double(receipts.map(\.peakResidentBytes).max() ?? 0) / 1e6, 0),
                ], isQuiet: isQuiet)
        }
        return ReportTable(
            id: "cost", title: "Cost of each stage,",
            caption:
                "in the order they finished; the seeds of a comparison’s row together. The last row adds "
                + "times and takes the largest memory.",
            columns: ["output", "stage", "wall s", "CPU s", "peak MB"],
            rows: groups.map { row($0.name, $0.stage, $0.receipts) }
                + [row("all", "", run.results.map(\.receipt), isQuiet: true)])
    }

    /// The store of teacher outputs: what earlier runs had left for this one.
    private var reuse: [ReportSection.Block] {
        let fillings = run.made(by: "cache-teacher")
        guard !fillings.isEmpty else { return [.absent("No teacher outputs, so nothing to reuse.")] }
        func count(_ result: RunResult, _ name: String) -> Int {
            Int(exactly: result.receipt.counts[name]?.double ?? 0) ?? 0
        }
        let odd = fillings.compactMap { result -> ReportSection.Block? in
            guard let tail = result.receipt.counts["mean_tail_mass"]?.double, tail > 0.3 else { return nil }
            return .odd(
                "In \(result.name) the tokens that are kept leave out \(Printed.number(100 * tail)) % of the "
                    + "teacher’s probability in the mean: KD and IVA see little of it. Keep more (top_k).")
        }
        let bySource = fillings.map { result -> String? in
            guard case .object(let sources)? = result.receipt.counts["mean_tail_mass_by_source"] else {
                return nil
            }
            return sources.members.map { "\($0.name) \(Printed.number($0.value.double.map { $0 * 100 }, 2))" }
                .joined(separator: ", ")
        }
        let hasSources = bySource.contains { $0 != nil }
        return [
            .table(
                ReportTable(
                    id: "cache-reuse", title: "Teacher outputs found and computed.",
                    caption:
                        "Entries of the shared store: reused ones cost this run nothing. The tail is the "
                        + "share of the teacher’s probability outside the tokens that are kept.",
                    columns: [
                        "output", "entries", "reused", "computed", "by other processes", "positions", "MB",
                        "mean tail %",
                    ] + (hasSources ? ["by source"] : []),
                    rows: zip(fillings, bySource).map { result, sources in
                        ReportTable.Row(
                            [result.name]
                                + ["entries", "reused", "computed", "shared", "positions"].map {
                                    Printed.count(count(result, $0))
                                } + [
                                    Printed.number(Double(count(result, "bytes")) / 1e6),
                                    Printed.number(
                                        result.receipt.counts["mean_tail_mass"]?.double.map { $0 * 100 }, 2),
                                ] + (hasSources ? [sources ?? "–"] : []))
                    }))
        ] + odd
    }
}
