import Foundation
import Records
import Stage

/// Lines for people about a training that goes on: progress, the losses of the last steps, and the loss from
/// the first step to the last.
public struct TrainingStatus {
    let name: String
    let follower: MetricsFollower

    /// - Parameter folder: the run's name is that of the metrics' folder relative to this one
    public init(_ follower: MetricsFollower, below folder: URL) {
        self.follower = follower
        let run = follower.file.deletingLastPathComponent()
        let (path, top) = (run.standardizedFileURL.path, folder.standardizedFileURL.path)
        name = path.hasPrefix(top + "/") ? String(path.dropFirst(top.count + 1)) : run.lastPathComponent
    }

    /// - Parameter width: columns at most
    public func lines(width: Int) -> [String] {
        guard let last = follower.steps.last else { return ["\(name): no step yet"] }
        let (done, total) = (last.step + 1, last.totalSteps)
        var head = ["\(name): step \(done) of \(total)"]
        if total > 0 { head.append("\(done * 100 / total)%") }
        if let pace = follower.secondsPerStep, pace > 0 {
            head.append("\(ProgressReporter.short(1 / pace)) steps/s")
        }
        head.append("\(ProgressReporter.short(last.tokensPerSecond)) tokens/s")
        if let left = follower.secondsLeft {
            head.append(left > 0 ? "\(ProgressReporter.duration(left)) left" : "done")
        }
        let terms = LossTerms.Name.allCases.compactMap { term -> String? in
            let value = mean { $0.terms[term] }
            return value == 0 ? nil : "\(term.rawValue) \(String(format: "%.3f", value))"
        }
        let losses = "  loss \(String(format: "%.3f", mean(\.loss)))  \(terms.joined(separator: "  "))"
        let curve = "  " + Sparkline.text(follower.steps.map(\.loss), width: max(1, width - 2))
        return [head.joined(separator: ", "), losses, curve].map { String($0.prefix(max(1, width))) }
    }

    private func mean(_ value: (StepMetrics) -> Double) -> Double {
        follower.recent.reduce(0) { $0 + value($1) } / Double(follower.recent.count)
    }
}
