import Files
import Foundation
import Records

/// Origins of every number: each receipt, its inputs by digest, its settings.
struct ProvenanceSection {
    let run: RunFolder

    func section() -> ReportSection {
        var section = ReportSection(
            id: "provenance", title: "Where the numbers come from",
            lead:
                "Every folder of the run ends with a receipt: the program’s version, all settings, and "
                + "digests of what it read and wrote. An input names the result with the same digest, so a "
                + "chain of digests leads from each number back to the first file. What this page shows was "
                + "held to its receipt when it was read, and left out where it differed; only of the "
                + "benchmarks’ pictures, and of trainings that have not finished, no receipt tells."
        )
        for problem in run.problems { section.blocks.append(.absent("A receipt was left out: \(problem)")) }
        guard !run.results.isEmpty else {
            section.blocks.append(.absent("No stage has finished yet."))
            return section
        }
        let single = run.results.filter { $0.repetition == nil }
        let repeated = run.results.filter { $0.repetition != nil }
        section.blocks.append(.table(table("provenance", "Results and what they were made from.", single)))
        section.blocks += single.map { .details(details($0)) }
        if !repeated.isEmpty {
            let firsts = firstSeeds(of: repeated)
            section.blocks.append(
                .folded(
                    "The \(repeated.count) results of the comparisons’ rows",
                    [
                        .table(table("provenance-rows", "The comparisons’ rows.", repeated)),
                        .paragraph(
                            "Of a row’s further seeds the list below names the settings that differ from the "
                                + "first seed’s."
                        ),
                    ] + repeated.map { .details(details($0, like: firsts[Self.kind(of: $0)])) }))
        }
        return section
    }

    /// Name that the seeds of a row have in common: the row and the stage.
    private static func kind(of result: RunResult) -> String {
        "\(result.repetition?.row ?? result.name)/\(result.receipt.stage)"
    }

    private func firstSeeds(of results: [RunResult]) -> [String: RunResult] {
        Dictionary(grouping: results, by: Self.kind).compactMapValues { runs in
            runs.min { ($0.repetition?.seed ?? 0) < ($1.repetition?.seed ?? 0) }
        }
    }

    private func table(_ id: String, _ title: String, _ results: [RunResult]) -> ReportTable {
        ReportTable(
            id: id, title: title,
            caption:
                "Digests are the first twelve digits of SHA-256; in full they are in the lists below and in "
                + "the receipts.",
            columns: ["output", "stage", "version", "receipt", "contents", "made from"],
            rows: results.map { result in
                ReportTable.Row([
                    result.name, result.receipt.stage, result.receipt.codeVersion,
                    Printed.digest(result.digest), Printed.digest(result.receipt.outputDigest),
                    result.receipt.inputs.map { "\(origin($0)) \(Printed.digest($0.sha256))" }.joined(
                        separator: ", "),
                ])
            })
    }

    /// Name of the result that an input was, else its option and the end of its path.
    private func origin(_ input: Receipt.Input) -> String {
        run.source(of: input)?.name ?? "\(input.name) (\(input.path.split(separator: "/").last ?? ""))"
    }

    /// - Parameter first: the same with another seed, if it was listed; its settings and files are not said
    ///   again
    private func details(_ result: RunResult, like first: RunResult? = nil) -> Details {
        let receipt = result.receipt
        var rows: [(name: String, value: String)] = [
            ("stage", receipt.stage), ("version", receipt.codeVersion), ("finished", receipt.finishedAt),
            ("receipt.json", "sha256 \(result.digest)"), ("contents", "sha256 \(receipt.outputDigest)"),
            ("processor kernels", receipt.blasCore ?? "none used"),
            ("counts", receipt.counts.text(.line)),
        ]
        rows += receipt.inputs.map { ("input: \($0.name)", "\(origin($0)), sha256 \($0.sha256)") }
        let isFurther = first.map { $0.name != result.name } ?? false
        let known = isFurther ? first.map { $0.receipt.recipe.leaves() } ?? [] : []
        let settings = receipt.recipe.leaves().filter { setting in !known.contains { $0 == setting } }
        rows += settings.map { ("setting: \($0.name)", $0.value.text(.line)) }
        guard !isFurther else { return Details(result, rows) }
        let listed = receipt.outputs.prefix(40)
        rows += listed.map {
            (
                "output: \($0.path)",
                "\(Printed.count($0.bytes)) bytes, sha256 \($0.sha256)\($0.isVolatile ? ", volatile" : "")"
            )
        }
        if receipt.outputs.count > listed.count {
            rows.append(("outputs", "and \(receipt.outputs.count - listed.count) more in the receipt"))
        }
        return Details(result, rows)
    }
}

extension Details {
    fileprivate init(_ result: RunResult, _ rows: [(name: String, value: String)]) {
        self.init(
            id: Anchor.of(result.name),
            summary: "\(result.name) · \(result.receipt.stage) · \(Printed.digest(result.digest))", rows: rows
        )
    }
}
