import Foundation
import Ranks
import RanksSupport
import TestSupport
import Testing

@Suite struct RanksTests {
    @Test func everyRankGetsWhatEachHasToTheLastBit() throws {
        let values = [0.1, -0.0, .infinity, 5e-300]
        let all = try ThreadMessenger.run(4) { ranks in try ranks.gather(values[ranks.rank]) }
        #expect(all.count == 4)
        for found in all { #expect(found.map(\.bitPattern) == values.map(\.bitPattern)) }
        let nothing = try ThreadMessenger.run(3) { ranks in try ranks.gather([Int]()) }
        #expect(nothing == Array(repeating: [[], [], []], count: 3))
    }

    @Test func aLoneProcessHasOnlyItsOwn() throws {
        #expect(try Ranks.alone.gather(7) == [7] && Ranks.alone.isFirst && Ranks.alone.count == 1)
        #expect(try Ranks.alone.ofFirst("a") == "a")
        Ranks.alone.withPeers { _, _ in Issue.record("a peer of one process") }
    }

    @Test func theFirstRankAloneIsAsked() throws {
        let found = try ThreadMessenger.run(3) { ranks in
            func asked() -> [String: Int] {
                #expect(ranks.isFirst)
                return ["steps": 3]
            }
            return try ranks.ofFirst(asked())
        }
        #expect(found == Array(repeating: ["steps": 3], count: 3))
    }

    @Test func bytesOfOneRankReachTheFirst() throws {
        let sums = try ThreadMessenger.run(3) { ranks in
            var bytes = [UInt8](repeating: UInt8(ranks.rank), count: 5)
            try bytes.withUnsafeMutableBytes { try ranks.collect($0, from: 2) }
            return bytes
        }
        #expect(
            sums == [
                Array(repeating: 2, count: 5), Array(repeating: 1, count: 5), Array(repeating: 2, count: 5),
            ])
    }

    @Test func aRankWithSomethingElseIsNamedInAllOfThem() throws {
        let errors = try ThreadMessenger.run(3) { ranks in
            #expect(throws: RanksError.different(rank: 1, host: "host-1", what: "input")) {
                try ranks.agree(
                    [("recipe", "same"), ("input", ranks.rank == 1 ? "b" : "a")], host: "host-\(ranks.rank)")
            }
        }
        #expect(errors.count == 3)
    }

    @Test func aLaunchIsReadFromTheVariablesOfBothImplementations() throws {
        let open = try #require(
            Launch(environment: [
                "OMPI_COMM_WORLD_RANK": "3", "OMPI_COMM_WORLD_SIZE": "4",
                "OMPI_COMM_WORLD_LOCAL_RANK": "1", "OMPI_COMM_WORLD_LOCAL_SIZE": "2",
            ]))
        #expect(open.mpi == "Open MPI" && open.rank == 3 && open.count == 4)
        #expect(open.localRank == 1 && open.localCount == 2)
        let hydra = try #require(
            Launch(environment: [
                "PMI_RANK": "1", "PMI_SIZE": "2", "MPI_LOCALRANKID": "1", "MPI_LOCALNRANKS": "2",
            ]))
        #expect(hydra.mpi == "MPICH" && hydra.rank == 1 && hydra.count == 2)
        #expect(Launch(environment: [:]) == nil)
        #expect(Launch(environment: ["PMI_RANK": "0", "PMI_SIZE": "1"]) == nil)
        #expect(Launch(environment: ["PMI_RANK": "2", "PMI_SIZE": "2"]) == nil)
    }

    @Test func processesOfAHostDivideItsProcessors() throws {
        func share(_ rank: Int, of local: Int, available: Int, all: Int) throws -> [Int]? {
            let launch = try #require(
                Launch(environment: [
                    "PMI_RANK": "\(rank)", "PMI_SIZE": "\(local)", "MPI_LOCALRANKID": "\(rank)",
                    "MPI_LOCALNRANKS": "\(local)",
                ]))
            return launch.share(of: available, all: all).map { [$0.skipping, $0.count] }
        }
        #expect(try share(1, of: 2, available: 16, all: 16) == [8, 8])
        #expect(try share(2, of: 3, available: 16, all: 16) == [10, 5])
        // Bound by mpirun already.
        #expect(try share(1, of: 2, available: 8, all: 16) == nil)
        // More processes than processors: they share them in turn.
        #expect(try share(3, of: 4, available: 2, all: 2) == [1, 1])
    }
}
