import Files
import Foundation

/// How much faster the figures are with more threads, where they were measured with several numbers of them.
struct CoreScaling {
    private let lines: [JSONValue]

    init(_ lines: [JSONValue]) { self.lines = lines }

    /// A line for each figure: seconds with the fewest threads, then how many times faster with more. Empty
    /// where there is one number of threads only.
    var table: [String] {
        let numbers = Set(lines.compactMap { $0["threads"]?.int }).sorted()
        guard numbers.count > 1 else { return [] }
        var figures: [String] = []
        var seconds: [String: [Int: Double]] = [:]
        for line in lines {
            guard let threads = line["threads"]?.int, let time = line["seconds"]?.double, time > 0 else {
                continue
            }
            let name = ["figure", "config", "precision", "kernel", "sides"].compactMap { line[$0]?.string }
                .joined(separator: " ")
            if seconds[name] == nil { figures.append(name) }
            seconds[name, default: [:]][threads] = time
        }
        let heads = numbers.dropFirst().map { "x with \($0)" }
        let title = row("", "s with \(numbers[0])", heads)
        return ["", title]
            + figures.compactMap { name in
                guard let times = seconds[name], let first = times[numbers[0]] else { return nil }
                return row(
                    name, String(format: "%.4g", first),
                    numbers.dropFirst().map { number in
                        times[number].map { String(format: "%.2f", first / $0) } ?? "-"
                    })
            }
    }

    private func row(_ name: String, _ first: String, _ others: [String]) -> String {
        func right(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(0, width - text.count)) + text
        }
        return name + right(first, max(1, 60 - name.count))
            + others.map { right($0, 11) }.joined()
    }
}
