import Files
import Foundation

/// The two tables: models that answer, and runs that trained them.
struct EfficiencyTables {
    let models: [(name: String, cost: ModelCost)]
    let runs: [(name: String, cost: TrainingCost)]

    var json: JSONValue {
        func rows(_ list: [(name: String, json: JSONObject)]) -> JSONValue {
            .array(
                list.map { .object(JSONObject([(name: "name", value: .string($0.name))] + $0.json.members)) })
        }
        return [
            "format": "align-ti efficiency 1", "models": rows(models.map { ($0.name, $0.cost.json) }),
            "runs": rows(runs.map { ($0.name, $0.cost.json) }),
        ]
    }

    var modelsCSV: String { Self.csv(models.map { ($0.name, $0.cost.json) }) }
    var runsCSV: String { Self.csv(runs.map { ($0.name, $0.cost.json) }) }

    /// The keys of the JSON as columns.
    private static func csv(_ rows: [(name: String, json: JSONObject)]) -> String {
        guard let first = rows.first else { return "" }
        let header = ["name"] + first.json.members.map(\.name)
        return CSV.text(
            [header]
                + rows.map { name, json in
                    [name]
                        + json.members.map { _, value in
                            switch value {
                            case .string(let text): text
                            case .null: ""
                            default: value.text()
                            }
                        }
                })
    }

    var text: String {
        var text = ""
        if !models.isEmpty {
            let rows = models.map { name, cost in
                [
                    name, Self.short(Double(cost.parameters)), Self.short(Double(cost.languageParameters)),
                    Self.megabytes(cost.peakResidentBytes),
                    String(format: "%.2f", 1000 * cost.firstTokenSeconds),
                    String(format: "%.0f", cost.tokensPerSecond),
                    String(format: "%.0f", cost.tokensPerSecondSideBySide),
                    String(format: "%.0f", 100 * cost.spread),
                ]
            }
            text += TextTable.aligned(
                [
                    [
                        "model", "parameters", "of language", "peak MB", "first token ms", "tokens/s",
                        "side by side", "spread %",
                    ]
                ]
                    + rows)
        }
        if !models.isEmpty, !runs.isEmpty { text += "\n" }
        if !runs.isEmpty {
            func cell(_ value: Double?, _ places: Int = 2) -> String {
                value.map { String(format: "%.\(places)f", $0) } ?? "-"
            }
            let rows = runs.map { name, cost in
                [
                    name, cost.objective, cost.samples.map(String.init) ?? "-",
                    cell(cost.trainingSeconds, 1), cell(cost.cpuSeconds, 1),
                    Self.megabytes(cost.peakResidentBytes),
                    cell(cost.tokens, 1), cell(cost.studentPasses), cell(cost.studentRows, 1),
                    cell(cost.teacherPasses), cell(cost.teacherRows, 1),
                ]
            }
            text += TextTable.aligned(
                [
                    [
                        "run", "objective", "samples", "training s", "CPU s", "peak MB", "tokens",
                        "student passes", "student rows", "teacher passes", "teacher rows",
                    ]
                ] + rows)
            text += "tokens, passes and rows (tokens through the language model) a sample\n"
        }
        return text
    }

    private static func megabytes(_ bytes: Int) -> String { String(format: "%.0f", Double(bytes) / 1e6) }

    /// 0.87 M, 494 M, 7.6 G
    static func short(_ count: Double) -> String {
        for (size, unit) in [(1e9, "G"), (1e6, "M"), (1e3, "k")] where count >= size {
            return String(format: count / size >= 100 ? "%.0f %@" : "%.2f %@", count / size, unit)
        }
        return String(format: "%.0f", count)
    }
}
