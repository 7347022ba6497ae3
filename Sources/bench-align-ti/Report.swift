import Files
import Foundation
import Measuring

/// All figures as a table for people.
struct Report {
    private var lines: [JSONValue] = []

    mutating func add(_ more: [JSONValue]) { lines += more }

    var table: String {
        var text = [
            row([
                "figure", "config", "seconds", "least", "most", "cpu/wall", "peak MB", "of GEMM", "by CPU",
                "rate",
            ])
        ]
        text += lines.map { line in
            func number(_ key: String) -> String {
                line[key]?.double.map { $0 < 1000 ? String(format: "%.4g", $0) : String(format: "%.0f", $0) }
                    ?? "-"
            }
            let seconds = ["seconds", "least_seconds", "most_seconds"].map { number($0) }
            let shares = ["of_gemm_rate", "of_gemm_rate_by_cpu"].map { key in
                line[key]?.double.map { String(format: "%.0f %%", 100 * $0) } ?? "-"
            }
            let config = ["config", "precision", "kernel"].compactMap { line[$0]?.string }
            return row(
                [line["figure"]?.string ?? "", config.joined(separator: " ")] + seconds
                    + [number("cpu_per_wall"), number("peak_mb")] + shares + [rate(line, number)])
        }
        return (text + ratios + CoreScaling(lines).table).joined(separator: "\n")
    }

    /// The figure's own unit.
    private func rate(_ line: JSONValue, _ number: (String) -> String) -> String {
        for (key, unit) in [
            ("mb_per_second", "MB/s"), ("gb_per_second", "GB/s"), ("images_per_second", "images/s"),
            ("answers_per_second", "answers/s"), ("samples_per_second", "samples/s"),
            ("tokens_per_second", "tokens/s"), ("gflops", "GFLOP/s"),
        ] where line[key] != nil {
            return ["\(number(key)) \(unit)", line["sides"]?.string].compactMap { $0 }.joined(separator: ", ")
        }
        return ""
    }

    /// Align-TI over vanilla KD, for each configuration and both kinds of candidates.
    private var ratios: [String] {
        lines.compactMap { line in
            guard let name = line["figure"]?.string, name.hasPrefix("align_ti"),
                let plain = lines.first(where: {
                    $0["figure"]?.string == "vanilla_kd" && $0["config"] == line["config"]
                        && $0["precision"] == line["precision"] && $0["threads"] == line["threads"]
                }), let wall = ratio("seconds", line, plain), let cpu = ratio("cpu_seconds", line, plain)
            else { return nil }
            let kind =
                line["fitting_steps"]?.double.map { "student fitted to the batch by \(Int($0)) SFT steps" }
                ?? "random weights, nearly all candidates different"
            return String(
                format:
                    "%@ %@: Align-TI / vanilla KD = %.2f, by processor time %.2f (%@; %.0f %% of candidates "
                    + "equal the ground truth)",
                line["config"]?.string ?? "", line["precision"]?.string ?? "", wall, cpu,
                name.hasSuffix("_cached") ? kind + ", visual tokens' targets read from the cache" : kind,
                100 * (line["candidates_equal_truth"]?.double ?? 0))
        }
    }

    private func ratio(_ key: String, _ a: JSONValue, _ b: JSONValue) -> Double? {
        guard let x = a[key]?.double, let y = b[key]?.double, y > 0 else { return nil }
        return x / y
    }

    private func row(_ cells: [String]) -> String {
        let widths = [23, 13, 10, 10, 10, 8, 8, 8, 8, 0]
        return zip(cells, widths).enumerated().map { column, cell in
            let padding = String(repeating: " ", count: max(0, cell.1 - cell.0.count))
            return column < 2 || column == 9 ? cell.0 + padding : padding + cell.0
        }.joined(separator: "  ")
    }
}
