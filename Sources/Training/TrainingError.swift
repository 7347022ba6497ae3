import Files
import Records

/// Errors of a training run that are no fault of the program.
public enum TrainingError: Error, CustomStringConvertible {
    case notFinite(step: Int, cause: StepMetrics.Skip, inRow: Int, samples: [String])
    case otherRun(path: String, differences: [String])
    case noSamples(path: String)
    case nothingToTrain
    case nothingToLearn
    case fewLanes(lanes: Int, ranks: Int)
    case diskTooSmall(folder: String, needed: Int, free: Int)

    /// One sentence with what was found and the remedy.
    public var description: String {
        switch self {
        case .notFinite(let step, let cause, let inRow, let samples):
            "the \(cause.rawValue) of step \(step) is not a finite number"
                + (inRow > 1 ? ", nor were those of the \(inRow - 1) skipped before it" : "")
                + " (\(SampleNames(samples))): nothing is lost, the state before it is saved. Look at these "
                + "samples, and go on with --set skip_nonfinite=\(inRow) or more; or lower "
                + "optimizer.learning_rate and start anew with --force (FORCE=1 under make)"
        case .otherRun(let path, let differences):
            "\(path): this state belongs to a run with other settings or inputs"
                + (differences.isEmpty ? "" : " (\(Self.list(differences)))")
                + ": set them back to go on from it, or start anew with --force (FORCE=1 under make), which "
                + "keeps it aside"
        case .noSamples(let path): "\(path): the data set holds no sample"
        case .nothingToTrain:
            "no weight of the model is trained: "
                + "name at least one of vision, projector, language under 'trainable'"
        case .nothingToLearn:
            "all weights of the objective are 0: give at least one of sft, iva, kd, tpa a weight"
        case .fewLanes(let lanes, let ranks):
            "a step has \(lanes) lanes, and \(ranks) processes share it: start fewer, or train with more "
                + "lanes (--set lanes=\(ranks)), which is another run"
        case .diskTooSmall(let folder, let needed, let free):
            "\(folder): states and checkpoints of this training take up to \(needed >> 20) MiB, the disk has "
                + "\(free >> 20) MiB free; free some space, or keep fewer checkpoints (checkpoint.keep)"
        }
    }

    private static func list(_ differences: [String]) -> String {
        let rest = differences.count - 8
        return differences.prefix(8).joined(separator: "; ") + (rest > 0 ? "; and \(rest) more" : "")
    }
}

extension TrainingError: ExitCoded {
    public var exitCode: Int32 {
        if case .diskTooSmall = self { ExitStatus.inputOutput } else { ExitStatus.badData }
    }
}

/// Samples by their ids, for people; the file of metrics has all of them.
struct SampleNames: CustomStringConvertible {
    let description: String

    /// - Parameter ids: as the data have them
    init(_ ids: [String]) {
        let shown = ids.prefix(8).map { JSONText.quote(String($0.prefix(60))) }
        let rest = ids.count - shown.count
        description =
            (ids.count == 1 ? "sample " : "samples ") + shown.joined(separator: ", ")
            + (rest > 0 ? " and \(rest) more, in \(MetricsFile.file)" : "")
    }
}
