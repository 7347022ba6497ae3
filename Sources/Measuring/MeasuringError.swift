/// Errors of measuring.
public enum MeasuringError: Error, Equatable, CustomStringConvertible {
    /// A student did not learn its one batch.
    case notFitted(probability: Double)
    /// A figure or kernel that this machine cannot give.
    case unavailable(what: String)

    public var description: String {
        switch self {
        case .notFitted(let probability):
            "the student did not reach a probability of \(probability) on the benchmark's batch in 300 "
                + "steps; the batch is too large for it"
        case .unavailable(let what): what
        }
    }
}
