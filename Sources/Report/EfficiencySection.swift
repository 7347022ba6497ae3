import Files
import Foundation

/// What answering with the models costs (the paper's Table 5) and what training them took (Tables 6 and 14),
/// from measure-efficiency.
struct EfficiencySection {
    let run: RunFolder

    /// A member of efficiency.json and how it is printed.
    private struct Column {
        let title, key: String
        var scale = 1.0
        var decimals = 0
    }

    private static let models = [
        Column(title: "parameters, M", key: "parameters", scale: 1e-6, decimals: 2),
        Column(title: "of language, M", key: "language_parameters", scale: 1e-6, decimals: 2),
        Column(title: "peak MB", key: "peak_resident_bytes", scale: 1e-6),
        Column(title: "first token ms", key: "first_token_seconds", scale: 1000, decimals: 2),
        Column(title: "tokens/s", key: "tokens_per_second"),
        Column(title: "side by side", key: "tokens_per_second_side_by_side"),
        Column(title: "spread %", key: "spread", scale: 100),
    ]
    private static let runs = [
        Column(title: "samples", key: "samples"),
        Column(title: "training s", key: "training_seconds", decimals: 1),
        Column(title: "CPU s", key: "cpu_seconds", decimals: 1),
        Column(title: "peak MB", key: "peak_resident_bytes", scale: 1e-6),
        Column(title: "student passes", key: "student_passes_per_sample", decimals: 2),
        Column(title: "student rows", key: "student_rows_per_sample", decimals: 1),
        Column(title: "teacher passes", key: "teacher_passes_per_sample", decimals: 2),
        Column(title: "teacher rows", key: "teacher_rows_per_sample", decimals: 1),
    ]

    func section() -> ReportSection {
        var section = ReportSection(
            id: "efficiency", title: "Efficiency",
            lead:
                "How fast the models answer and how much memory that takes (the paper’s Table 5), and what each objective cost in training "
                + "(Tables 6 and 14).")
        section.sources = run.made(by: "measure-efficiency")
        guard !section.sources.isEmpty else {
            section.blocks.append(.absent("Efficiency was not measured (make efficiency)."))
            return section
        }
        for result in section.sources {
            do { section.blocks += try tables(result).map { .table($0) } } catch {
                section.blocks.append(.absent("\(result.name)/efficiency.json cannot be read: \(error)"))
            }
        }
        return section
    }

    private func tables(_ result: RunResult) throws -> [ReportTable] {
        let file = result.file("efficiency.json")
        let document = try JSONValue(parsing: [UInt8](try Data(contentsOf: file)))
        guard document["format"] == "align-ti efficiency 1", case .array(let models)? = document["models"],
            case .array(let runs)? = document["runs"]
        else {
            throw FilesError.corrupt(
                path: file.path, offset: nil,
                problem: "expected 'format': 'align-ti efficiency 1' with models and runs")
        }
        var tables: [ReportTable] = []
        if !models.isEmpty {
            tables.append(
                ReportTable(
                    id: "\(Anchor.words(result.name))-models", title: "Answering, \(result.name).",
                    caption:
                        "One answer at a time unless ‘side by side’ (16). First token: from prepared pixels, tower and projector included. "
                        + "A large spread of the runs says that the machine did something else as well.",
                    columns: ["model"] + Self.models.map(\.title),
                    rows: models.map { row($0, [], Self.models) }))
        }
        if !runs.isEmpty {
            let plain = runs.first { $0["name"] == "kd" }?["training_seconds"]?.double
            tables.append(
                ReportTable(
                    id: "\(Anchor.words(result.name))-runs", title: "Training, \(result.name).",
                    caption: "Passes and rows (tokens through the language model) are those of one sample."
                        + (plain == nil
                            ? ""
                            : " ‘× kd’ is the training time over that of plain KD; the paper has 1.43 for Align-TI and 2.71 for GKD. "
                                + "Where kd has no teacher passes it reads the cache, so it is cheaper here and the ratios are larger."),
                    columns: ["run", "objective"] + (plain == nil ? [] : ["× kd"]) + Self.runs.map(\.title),
                    rows: runs.map { run in
                        var first: [String] = []
                        if case .string(let text)? = run["objective"] {
                            first.append(text)
                        } else {
                            first.append("")
                        }
                        if let plain {
                            first.append(
                                Printed.number(run["training_seconds"]?.double.map { $0 / plain }, 2))
                        }
                        return row(run, first, Self.runs)
                    }))
        }
        return tables
    }

    private func row(_ value: JSONValue, _ first: [String], _ columns: [Column]) -> ReportTable.Row {
        let name = if case .string(let text)? = value["name"] { text } else { "?" }
        return ReportTable.Row(
            [name] + first
                + columns.map { column in
                    Printed.number(value[column.key]?.double.map { $0 * column.scale }, column.decimals)
                })
    }
}
