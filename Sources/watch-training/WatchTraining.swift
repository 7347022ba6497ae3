import ArgumentParser
import Files
import Foundation
import Records
import Report
import Stage

struct WatchTraining: ParsableCommand {
    static let configuration = StageHelp.configuration(
        "watch-training",
        abstract:
            "Show how far the training below a folder is: progress, time left, losses, the loss as a curve.",
        discussion: """
            Reads the metrics.jsonl that changed last, and goes on to the next run when one begins. Says of \
            a training that nobody is at work on whether it finished, was interrupted or died. Writes \
            nothing. It ends with Control-C; with --once, or when nothing has changed for --patience \
            seconds, by itself.
            """,
        example: "watch-training --run runs/demo --once")

    @Option(name: .customLong("run"), help: "Folder of a pipeline's results.") var results: String
    @Flag(help: "Show it once and end.") var once = false
    @Option(help: "Seconds without a change after which to end; 0 waits for ever.") var patience = 0.0

    func validate() throws {
        guard patience >= 0, patience.isFinite else {
            throw ValidationError("--patience \(patience): expected 0 or more")
        }
    }

    func run() throws {
        let folder = URL(fileURLWithPath: results)
        let screen = LiveText()
        var follower: MetricsFollower?
        var lastChange = Date()
        let interruption = Interruption()
        repeat {
            let newest = try MetricsFollower.newest(below: folder)
            if let newest, newest != follower?.file {
                screen.keep()
                follower = MetricsFollower(newest)
            }
            // A file may have vanished since it was listed; the next turn looks again.
            if let changed = try? follower?.update(), changed { lastChange = Date() }
            screen.show(
                follower.map { TrainingStatus($0, below: folder).lines(width: StandardError.columns) }
                    ?? ["nothing has been trained below \(results) yet"])
            if once || (patience > 0 && Date().timeIntervalSince(lastChange) > patience) { break }
            Thread.sleep(forTimeInterval: screen.isTerminal ? 0.5 : 5)
        } while !interruption.isRequested
        screen.keep()
    }
}
