import Files

/// Errors of a run of several processes.
public enum RanksError: ExitCoded, Equatable, CustomStringConvertible {
    /// Started by an MPI that there is no plug-in for.
    case noPlugin(mpi: String, path: String, problem: String)
    /// A message did not get through.
    case lost(operation: String, problem: String)
    /// A process was started with something else than the first one.
    case different(rank: Int, host: String, what: String)
    /// More processes than there is work for.
    case tooMany(String)

    public var description: String {
        switch self {
        case .noPlugin(let mpi, let path, let problem):
            "mpirun of \(mpi) started several processes, and \(path), by which they would talk, cannot be "
                + "loaded (\(problem)): install \(mpi)'s compiler wrapper (Debian: "
                + "lib\(mpi.lowercased().filter(\.isLetter))-dev) and run make build"
        case .lost(let operation, let problem):
            "the processes of the run cannot talk any more (\(operation): \(problem)): run the same command "
                + "to go on from the last state"
        case .different(let rank, let host, let what):
            "rank \(rank) on \(host) was started with another \(what) than rank 0: give all processes the "
                + "same command, inputs and version"
        case .tooMany(let text): text
        }
    }

    public var exitCode: Int32 {
        switch self {
        case .noPlugin: ExitStatus.missingInput
        case .lost: ExitStatus.tryAgain
        case .different, .tooMany: ExitStatus.usage
        }
    }
}
