import Foundation

/// Reporter of a loop's progress. On a terminal it rewrites one line; elsewhere it writes a plain line now
/// and then.
public final class ProgressReporter {
    private let label: String
    private let unit: String
    private let total: Int?
    private let isTerminal: Bool
    private let interval: Double  // seconds between lines
    private let put: (String) -> Void
    private let now: () -> Double
    private let started: Double
    private let skipped: Int
    private var done: Int
    private var suffix = ""
    private var lastLine = -Double.infinity
    private var lastWidth = 0
    private let columns: () -> Int
    /// Values of the curve behind the line.
    private var values: [Double] = []
    private static let curveWidth = 24

    /// - Parameters:
    ///   - total: how many units there are, if known
    ///   - done: how many an earlier run has done: they do not count for the rate
    ///   - unit: what is counted: `samples`
    ///   - put: where the text goes; stderr unless given
    ///   - columns: of the terminal, which no line may exceed: what is wrapped cannot be rewritten
    ///   - now: a clock in seconds
    public init(
        _ label: String, total: Int? = nil, done: Int = 0, unit: String,
        isTerminal: Bool = StandardError.isTerminal,
        put: @escaping (String) -> Void = StandardError.put,
        columns: @escaping () -> Int = { StandardError.columns },
        now: @escaping () -> Double = { ProcessInfo.processInfo.systemUptime }
    ) {
        self.label = label
        self.total = total
        self.done = done
        skipped = done
        self.unit = unit
        self.isTerminal = isTerminal
        interval = isTerminal ? 0.1 : 5
        self.put = put
        self.columns = columns
        self.now = now
        started = now()
        lastLine = isTerminal ? -.infinity : started
    }

    /// Reports that `done` units are finished; `suffix` is free text such as losses.
    public func update(_ done: Int, suffix: @autoclosure () -> String = "") {
        self.done = done
        let time = now()
        guard time - lastLine >= interval else { return }
        self.suffix = suffix()
        lastLine = time
        show(time, isLast: false)
    }

    /// Reports `count` more units.
    ///
    /// - Parameter value: such as the loss; on a terminal its course is drawn behind the line
    public func advance(by count: Int = 1, value: Double? = nil, suffix: @autoclosure () -> String = "") {
        if isTerminal, let value { values.append(value) }
        update(done + count, suffix: suffix())
    }

    /// Writes the last line, with the time it all took.
    public func finish(suffix: String = "") {
        self.suffix = suffix
        show(now(), isLast: true)
        if isTerminal { put("\n") }
    }

    private func show(_ time: Double, isLast: Bool) {
        let elapsed = max(time - started, 1e-9)
        let rate = Double(done - skipped) / elapsed
        var parts = ["\(label): \(done)\(total.map { "/\($0)" } ?? "") \(unit)"]
        if let total, total > 0, !isLast { parts.append("\(min(100, done * 100 / total))%") }
        if rate > 0 { parts.append("\(Self.short(rate)) \(unit)/s") }
        if isLast {
            parts.append("took \(Self.duration(elapsed))")
        } else if let total, rate > 0, total > done {
            parts.append("\(Self.duration(Double(total - done) / rate)) left")
        }
        if !suffix.isEmpty { parts.append(suffix) }
        var line = parts.joined(separator: ", ")
        guard isTerminal else { return put(line + "\n") }
        if !values.isEmpty { line += " " + Sparkline.text(values, width: Self.curveWidth) }
        line = String(line.prefix(max(1, columns() - 1)))
        // Blanks cover what a longer line left behind.
        put("\r" + line + String(repeating: " ", count: max(0, lastWidth - line.count)))
        lastWidth = line.count
    }

    /// Text of a rate with three significant digits.
    public static func short(_ value: Double) -> String {
        let places = value >= 100 ? 0 : value >= 10 ? 1 : 2
        return String(format: "%.\(places)f", value)
    }

    /// `1:02:03`, `2:03` or `3 s`.
    public static func duration(_ seconds: Double) -> String {
        guard seconds < 3.6e8 else { return "years" }
        let whole = Int(seconds.rounded())
        if whole < 60 { return "\(whole) s" }
        if whole < 3600 { return String(format: "%d:%02d", whole / 60, whole % 60) }
        return String(format: "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60)
    }
}
