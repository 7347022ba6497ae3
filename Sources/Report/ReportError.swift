import Files
import Stage

/// Reason why a report cannot be written. What a run merely lacks is said in the report instead.
public enum ReportError: ExitCoded, Equatable, CustomStringConvertible {
    /// The folder holds neither a receipt nor a metrics.jsonl.
    case nothingToReport(folder: String)
    case gnuplotMissing
    case gnuplotFailed(plot: String, status: Int32, message: String)
    /// A page template of this program does not parse.
    case badTemplate(name: String, problem: String)

    public var description: String {
        switch self {
        case .nothingToReport(let folder):
            "\(folder): no receipt.json and no metrics.jsonl below it; give --run the folder of a pipeline's "
                + "results (runs/demo)"
        case .gnuplotMissing:
            "gnuplot is not on the PATH; install it with: sudo apt install gnuplot-nox"
        case .gnuplotFailed(let plot, let status, let message):
            "gnuplot could not draw '\(plot)' (status \(status)): \(message)"
        case .badTemplate(let name, let problem): "page template '\(name)': \(problem)"
        }
    }

    public var exitCode: Int32 {
        switch self {
        case .nothingToReport, .gnuplotMissing: ExitStatus.missingInput
        case .gnuplotFailed, .badTemplate: ExitStatus.internalError
        }
    }
}
