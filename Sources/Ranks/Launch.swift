/// How the process was started: by itself, or as one of several by `mpirun`. Read from the variables that
/// Open MPI and MPICH (hydra) set, before anything of MPI is loaded.
public struct Launch: Sendable, Equatable {
    /// Implementation of MPI, by the name of its plug-in.
    public let mpi: String
    /// Number of this process, and processes of the run.
    public let rank, count: Int
    /// The same among the processes on this host.
    public let localRank, localCount: Int

    /// - Parameter environment: of the process
    /// - Returns: nil for a process that was started alone, or is the only one
    public init?(environment: [String: String]) {
        for (mpi, names) in Self.variables {
            let values = names.map { environment[$0].flatMap { Int($0) } }
            guard let rank = values[0], let count = values[1], count > 1, (0..<count).contains(rank) else {
                continue
            }
            (self.mpi, self.rank, self.count) = (mpi, rank, count)
            localCount = max(1, values[3] ?? 1)
            localRank = max(0, values[2] ?? 0) % localCount
            return
        }
        return nil
    }

    /// Rank, count, local rank, local count.
    private static let variables: [(String, [String])] = [
        (
            "Open MPI",
            [
                "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK",
                "OMPI_COMM_WORLD_LOCAL_SIZE",
            ]
        ),
        ("MPICH", ["PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID", "MPI_LOCALNRANKS"]),
    ]

    /// The processors of a host that are this process's share, of `available`: a run of them for each process
    /// where all see the same.
    ///
    /// - Parameters:
    ///   - available: processors that the process may run on
    ///   - all: processors of the host
    /// - Returns: how many to pass over, and how many to take; nil where the processes were bound already
    public func share(of available: Int, all: Int) -> (skipping: Int, count: Int)? {
        let share = max(1, all / localCount)
        guard available > share else { return nil }
        return ((localRank * share) % available, min(share, available - (localRank * share) % available))
    }
}
