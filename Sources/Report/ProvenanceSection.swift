import Files
import Foundation
import Stage

/// Where every number comes from: each receipt, its inputs by digest, its settings.
struct ProvenanceSection {
    let run: RunFolder

    func section() -> ReportSection {
        var section = ReportSection(
            id: "provenance", title: "Where the numbers come from",
            lead:
                "Every folder of the run ends with a receipt: the program’s version, all settings, and digests of what it read and wrote. "
                + "An input names the result with the same digest, so a chain of digests leads from each number back to the first file."
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
            section.blocks.append(
                .folded(
                    "The \(repeated.count) results of the comparisons’ rows",
                    [.table(table("provenance-rows", "The comparisons’ rows.", repeated))]
                        + repeated.map { .details(details($0)) }))
        }
        return section
    }

    private func table(_ id: String, _ title: String, _ results: [RunResult]) -> ReportTable {
        ReportTable(
            id: id, title: title,
            caption:
                "Digests are the first twelve digits of SHA-256; in full they are in the lists below and in the receipts.",
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

    /// The result an input was, else its option and the end of its path.
    private func origin(_ input: Receipt.Input) -> String {
        run.source(of: input)?.name ?? "\(input.name) (\(input.path.split(separator: "/").last ?? ""))"
    }

    private func details(_ result: RunResult) -> Details {
        let receipt = result.receipt
        var rows: [(name: String, value: String)] = [
            ("stage", receipt.stage), ("version", receipt.codeVersion), ("finished", receipt.finishedAt),
            ("receipt.json", "sha256 \(result.digest)"), ("contents", "sha256 \(receipt.outputDigest)"),
            ("processor kernels", receipt.blasCore ?? "none used"),
            ("counts", receipt.counts.text(.line)),
        ]
        rows += receipt.inputs.map { ("input: \($0.name)", "\(origin($0)), sha256 \($0.sha256)") }
        rows += Self.leaves(receipt.recipe, "").map { ("setting: \($0.name)", $0.value) }
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
        return Details(
            id: Anchor.of(result.name),
            summary: "\(result.name) · \(receipt.stage) · \(Printed.digest(result.digest))",
            rows: rows)
    }

    /// Settings as dotted names.
    private static func leaves(_ value: JSONValue, _ name: String) -> [(name: String, value: String)] {
        guard case .object(let object) = value, !object.members.isEmpty else {
            return [(name, value.text(.line))]
        }
        return object.members.sorted { $0.name < $1.name }.flatMap { member in
            leaves(member.value, name.isEmpty ? member.name : "\(name).\(member.name)")
        }
    }
}
