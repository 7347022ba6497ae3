import Foundation
import Records
import Stage
import Training

/// Lines for people about a training: progress, the losses of the last steps, and the loss from the first
/// step to the last; and of one that no process is at work on, how it ended.
public struct TrainingStatus {
    let name: String
    let follower: MetricsFollower
    private let folder: URL
    private let now: Date

    /// - Parameter folder: the run's name is that of the metrics' folder relative to this one
    public init(_ follower: MetricsFollower, below folder: URL, now: Date = Date()) {
        (self.follower, self.now) = (follower, now)
        self.folder = follower.file.deletingLastPathComponent()
        let (path, top) = (self.folder.standardizedFileURL.path, folder.standardizedFileURL.path)
        name =
            path.hasPrefix(top + "/") ? String(path.dropFirst(top.count + 1)) : self.folder.lastPathComponent
    }

    /// - Parameter width: columns at most
    public func lines(width: Int) -> [String] {
        let condition = FolderCondition(of: folder)
        return (head(condition) + losses(width) + heldBack(width)).map { String($0.prefix(max(1, width))) }
    }

    private func head(_ condition: FolderCondition) -> [String] {
        guard let last = follower.steps.last else {
            return ["\(name): no step yet\(condition == .taken ? "" : ", and no process is at work on it")"]
        }
        let (done, total) = (last.step + 1, last.totalSteps)
        let share = total > 0 ? ", \(min(100, Int(100 * Double(done) / Double(total))))%" : ""
        let place = "\(name): step \(done) of \(total)\(share)"
        switch condition {
        case .finished: return ["\(place), finished at \(changed)"]
        case .left: return ending(place, last)
        case .taken:
            var facts = [place]
            if let pace = follower.secondsPerStep, pace > 0 {
                facts.append("\(ProgressReporter.short(1 / pace)) steps/s")
            }
            facts.append("\(ProgressReporter.short(last.tokensPerSecond)) tokens/s")
            if let left = follower.secondsLeft {
                facts.append(left > 0 ? "\(ProgressReporter.duration(left)) left" : "done")
            }
            return [facts.joined(separator: ", ")] + (isSlow ? ["  no step since \(changed)"] : [])
        }
    }

    /// How a training ended that nobody is at work on and that has not finished.
    private func ending(_ place: String, _ last: StepMetrics) -> [String] {
        let saved = Trainer.savedSteps(in: folder) ?? 0
        if let cause = last.skipped, saved <= last.step {
            return [
                "\(place), stopped at \(changed)",
                "  the \(cause.rawValue) is not a finite number; the state before it is saved",
            ]
        }
        guard saved == last.step + 1 else {
            return [
                "\(place), died at \(changed)",
                "  the same command goes on \(saved > 0 ? "after step \(saved)" : "from the start")",
            ]
        }
        return ["\(place), interrupted at \(changed)", "  its state is saved: the same command goes on"]
    }

    /// Time of the last step. No age: lines that change are written again.
    private var changed: String { lastChange?.formatted(.iso8601) ?? "a time unknown" }

    private var lastChange: Date? {
        try? FileManager.default.attributesOfItem(atPath: follower.file.path)[.modificationDate] as? Date
    }

    /// Whether a step takes far longer than those before it.
    private var isSlow: Bool {
        guard let lastChange, let pace = follower.secondsPerStep else { return false }
        return now.timeIntervalSince(lastChange) > max(60, 10 * pace)
    }

    private func losses(_ width: Int) -> [String] {
        let steps = follower.recent.filter { $0.skipped == nil }
        guard !follower.steps.isEmpty else { return [] }
        func mean(_ value: (StepMetrics) -> Double) -> Double {
            steps.reduce(0) { $0 + value($1) } / Double(steps.count)
        }
        let terms = LossTerms.Name.allCases.compactMap { term -> String? in
            let value = mean { $0.terms[term] }
            return value == 0 ? nil : "\(term.rawValue) \(String(format: "%.3f", value))"
        }
        let skipped = follower.steps.count { $0.skipped != nil }
        return [
            "  loss \(String(format: "%.3f", mean(\.loss)))  \(terms.joined(separator: "  "))"
                + (skipped > 0 ? "  (\(skipped) steps skipped: not finite)" : ""),
            "  " + Sparkline.text(follower.steps.map(\.loss), width: max(1, width - 2)),
        ]
    }

    /// The last look at the held-back samples, and their loss from the first to it.
    private func heldBack(_ width: Int) -> [String] {
        // It may not be there, or be written just now.
        let file = folder.appendingPathComponent(ValidationFile.file)
        guard let looks = try? ValidationFile.read(file), let last = looks.last else { return [] }
        return last.found.lines(after: last.steps).map { "  " + $0 }
            + ["  " + Sparkline.text(looks.map(\.found.loss), width: max(1, width - 2))]
    }
}
