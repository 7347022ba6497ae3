import Records

/// Costs of answering with the models (the paper's Table 5) and of training them (Tables 6 and 14), from
/// measure-efficiency.
struct EfficiencySection {
    let run: RunFolder

    func section() throws -> ReportSection {
        var section = ReportSection(
            id: "efficiency", title: "Efficiency",
            lead:
                "How fast the models answer and how much memory that takes (the paper’s Table 5), and what "
                + "each objective cost in training (Tables 6 and 14).")
        section.sources = run.made(by: "measure-efficiency")
        guard !section.sources.isEmpty else {
            section.blocks.append(.absent("Efficiency was not measured (make efficiency)."))
            return section
        }
        for result in section.sources {
            do {
                let measured = try EfficiencyFile(result.file(EfficiencyFile.file))
                section.blocks += EfficiencyTables(measured).page(
                    result.name, slots: result.receipt.recipe["slots"]?.int
                ).map { .table($0) }
            } catch {
                try refuseDiskFailure(error)
                section.blocks.append(
                    .absent("\(result.name)/\(EfficiencyFile.file) cannot be read: \(error)"))
            }
        }
        return section
    }
}
