import Files
import Foundation
import Stage

/// What each stage took, and what was found in the store instead of computed.
struct CostSection {
    let run: RunFolder

    func section() -> ReportSection {
        var section = ReportSection(
            id: "cost", title: "What it cost",
            lead:
                "Time on the clock, processor time over all threads, and the most memory a stage held, as its receipt says."
        )
        guard !run.results.isEmpty else {
            section.blocks.append(.absent("No stage has finished yet."))
            return section
        }
        section.blocks.append(.table(table))
        section.blocks.append(contentsOf: reuse)
        return section
    }

    private var inOrder: [RunResult] {
        run.results.sorted { ($0.receipt.finishedAt, $0.name) < ($1.receipt.finishedAt, $1.name) }
    }

    var table: ReportTable {
        func row(
            _ name: String, _ stage: String, _ wall: Double, _ cpu: Double, _ peak: Int, _ quiet: Bool = false
        )
            -> ReportTable.Row
        {
            ReportTable.Row(
                [
                    name, stage, Printed.number(wall), Printed.number(cpu),
                    Printed.number(Double(peak) / 1e6, 0),
                ], isQuiet: quiet)
        }
        let receipts = run.results.map(\.receipt)
        return ReportTable(
            id: "cost", title: "Cost of each stage,",
            caption: "in the order they finished. The last row adds times and takes the largest memory.",
            columns: ["output", "stage", "wall s", "CPU s", "peak MB"],
            rows: inOrder.map {
                row(
                    $0.name, $0.receipt.stage, $0.receipt.wallSeconds, $0.receipt.cpuSeconds,
                    $0.receipt.peakResidentBytes)
            } + [
                row(
                    "all", "", receipts.reduce(0) { $0 + $1.wallSeconds },
                    receipts.reduce(0) { $0 + $1.cpuSeconds }, receipts.map(\.peakResidentBytes).max() ?? 0,
                    true)
            ])
    }

    /// The store of teacher outputs: what earlier runs had left for this one.
    private var reuse: [ReportSection.Block] {
        let fillings = run.made(by: "cache-teacher")
        guard !fillings.isEmpty else { return [.absent("No teacher outputs, so nothing to reuse.")] }
        func count(_ result: RunResult, _ name: String) -> Int {
            Int(exactly: result.receipt.counts[name]?.double ?? 0) ?? 0
        }
        return [
            .table(
                ReportTable(
                    id: "cache-reuse", title: "Teacher outputs found and computed.",
                    caption:
                        "Entries of the shared store: reused ones cost this run nothing. The tail is the share of the teacher’s probability "
                        + "outside the tokens that are kept.",
                    columns: [
                        "output", "entries", "reused", "computed", "by other processes", "positions", "MB",
                        "mean tail %",
                    ],
                    rows: fillings.map { result in
                        ReportTable.Row(
                            [result.name]
                                + ["entries", "reused", "computed", "shared", "positions"].map {
                                    Printed.count(count(result, $0))
                                } + [
                                    Printed.number(Double(count(result, "bytes")) / 1e6),
                                    Printed.number(
                                        result.receipt.counts["mean_tail_mass"]?.double.map { $0 * 100 }, 2),
                                ])
                    }))
        ]
    }
}
