import Files
import Foundation
import Records

/// Tables of what answering and training cost: for the page, and as text for people.
public struct EfficiencyTables {
    private let measured: EfficiencyFile

    public init(_ measured: EfficiencyFile) { self.measured = measured }

    /// A figure and how it is printed.
    private struct Column<Row> {
        let title: String
        var decimals = 0
        let value: (Row) -> Double?

        init(_ title: String, _ decimals: Int = 0, _ value: @escaping (Row) -> Double?) {
            (self.title, self.decimals, self.value) = (title, decimals, value)
        }
    }

    private let models: [Column<ModelCost>] = [
        Column("peak MB") { Double($0.peakResidentBytes) / 1e6 },
        Column("first token ms", 2) { 1000 * $0.firstTokenSeconds },
        Column("tokens/s", 0, \.tokensPerSecond), Column("side by side", 0, \.tokensPerSecondSideBySide),
        Column("spread %") { 100 * $0.spread },
    ]
    private let runs: [Column<RunCost>] = [
        Column("samples") { $0.samples.map(Double.init) },
        Column("training s", 1, \.trainingSeconds), Column("CPU s", 1, \.cpuSeconds),
        Column("peak MB") { $0.peakResidentBytes.map { Double($0) / 1e6 } },
    ]
    private let passes: [Column<RunCost>] = [
        Column("student passes", 2, \.studentPassesPerSample),
        Column("student rows", 1, \.studentRowsPerSample),
        Column("teacher passes", 2, \.teacherPassesPerSample),
        Column("teacher rows", 1, \.teacherRowsPerSample),
    ]

    /// Both tables, columns aligned; `-` is unknown.
    public var text: String {
        func cells<Row>(_ row: Row, _ columns: [Column<Row>]) -> [String] {
            columns.map { column in
                column.value(row).map { String(format: "%.\(column.decimals)f", $0) } ?? "-"
            }
        }
        var tables: [String] = []
        if !measured.models.isEmpty {
            let rows = measured.models.map { model in
                [model.name, Printed.short(model.parameters), Printed.short(model.languageParameters)]
                    + cells(model, models)
            }
            tables.append(
                TextTable.aligned([["model", "parameters", "of language"] + models.map(\.title)] + rows))
        }
        if !measured.runs.isEmpty {
            let columns = runs + [Column("tokens", 1, \.tokensPerSample)] + passes
            let rows = measured.runs.map { [$0.name, $0.objective] + cells($0, columns) }
            tables.append(
                TextTable.aligned([["run", "objective"] + columns.map(\.title)] + rows)
                    + "tokens, passes and rows (tokens through the language model) a sample\n")
        }
        return tables.joined(separator: "\n")
    }

    /// The tables of the page; none for what was not measured.
    ///
    /// - Parameters:
    ///   - name: of the result
    ///   - slots: answers that were made side by side, where that is known
    func page(_ name: String, slots: Int?) -> [ReportTable] {
        var tables: [ReportTable] = []
        if !measured.models.isEmpty {
            let columns: [Column<ModelCost>] =
                [
                    Column("parameters, M", 2) { Double($0.parameters) / 1e6 },
                    Column("of language, M", 2) { Double($0.languageParameters) / 1e6 },
                ] + models
            tables.append(
                ReportTable(
                    id: "\(Anchor.words(name))-models", title: "Answering, \(name).",
                    caption:
                        "One answer at a time unless ‘side by side’\(slots.map { " (\($0))" } ?? ""). First "
                        + "token: from prepared "
                        + "pixels, tower and projector included. A large spread of the runs says that the "
                        + "machine did something else as well.",
                    columns: ["model"] + columns.map(\.title),
                    rows: measured.models.map { ReportTable.Row([$0.name] + printed($0, columns)) }))
        }
        if !measured.runs.isEmpty {
            let plain = measured.runs.first { $0.name == "kd" }?.trainingSeconds
            var columns = runs + passes
            if let plain {
                columns.insert(Column("× kd", 2) { $0.trainingSeconds.map { $0 / plain } }, at: 0)
            }
            tables.append(
                ReportTable(
                    id: "\(Anchor.words(name))-runs", title: "Training, \(name).",
                    caption: "Passes and rows (tokens through the language model) are those of one sample."
                        + (plain == nil
                            ? ""
                            : " ‘× kd’ is the training time over that of plain KD; the paper has 1.43 for "
                                + "Align-TI and 2.71 for GKD. Where kd has no teacher passes it reads the "
                                + "cache, so it is cheaper here and the ratios are larger."),
                    columns: ["run", "objective"] + columns.map(\.title),
                    rows: measured.runs.map {
                        ReportTable.Row([$0.name, $0.objective] + printed($0, columns))
                    }))
        }
        return tables
    }

    private func printed<Row>(_ row: Row, _ columns: [Column<Row>]) -> [String] {
        columns.map { Printed.number($0.value(row), $0.decimals) }
    }
}
