import AlignmentSupport
import Files
import Foundation
import TestSupport
import Testing

/// Runs of several processes, started as users start them.
@Suite(.enabled(if: !MPI.all.isEmpty, "no mpirun with its plug-in: make mpi"), .serialized)
struct MPITests {
    private func arguments(_ folder: URL, _ out: String, _ settings: [String] = []) -> [String] {
        MPI.training(models: tinyModel, data: folder, out: out, settings)
    }

    private func process(_ mpi: MPI, _ ranks: Int, _ arguments: [String]) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: mpi.path)
        process.arguments =
            mpi.options + ["-n", "\(ranks)", try #require(StageProcess("train-student")).executable.path]
            + arguments
        return process
    }

    private func run(_ mpi: MPI, _ ranks: Int, _ arguments: [String]) throws -> (Int32, String) {
        try run(process(mpi, ranks, arguments))
    }

    private func run(_ process: Process) throws -> (Int32, String) {
        let outcome = try MPI.run(process)
        return (outcome.status, outcome.errors)
    }

    private func model(_ folder: URL, _ out: String) throws -> String {
        try Digest.sha256(ofFile: folder.appendingPathComponent("\(out)/model.safetensors"))
    }

    @Test(arguments: MPI.all) func processesGiveTheWeightsOfOne(mpi: MPI) throws {
        try withTemporaryFolder { folder in
            _ = try tinyDataset(in: folder)
            let stage = try #require(StageProcess("train-student"))
            #expect(try stage.run(arguments(folder, "1")).status == 0)
            for ranks in mpi.name == "openmpi" ? [2, 4] : [3] {
                let (status, errors) = try run(mpi, ranks, arguments(folder, "\(ranks)"))
                #expect(status == 0, "\(errors)")
                #expect(try model(folder, "\(ranks)") == model(folder, "1"), "\(mpi.name), \(ranks)")
                // One of them prints.
                #expect(errors.components(separatedBy: "took").count == 2, "\(errors)")
            }
            let again = try run(mpi, 2, arguments(folder, mpi.name == "openmpi" ? "2" : "3"))
            #expect(again.0 == 0 && again.1.contains("up to date"), "\(again.1)")
        }
    }

    @Test(arguments: MPI.all) func aKilledProcessStopsTheOthersAndTheRunGoesOn(mpi: MPI) throws {
        try withTemporaryFolder { folder in
            _ = try tinyDataset(in: folder)
            let settings = ["steps=300", "state_every=5", "weights.tpa=0", "weights.iva=0", "weights.kd=0"]
            let stage = try #require(StageProcess("train-student"))
            #expect(try stage.run(arguments(folder, "straight", settings)).status == 0)
            let begun = try process(mpi, 2, arguments(folder, "out", settings))
            (begun.standardOutput, begun.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
            try begun.run()
            let state = folder.appendingPathComponent("out/state.safetensors").path
            while begun.isRunning, !FileManager.default.fileExists(atPath: state) { usleep(2000) }
            let victims = try processes(writing: folder.appendingPathComponent("out").path)
            #expect(victims.count == 2)
            _ = Foundation.kill(try #require(victims.last), SIGKILL)
            let killed = Date()
            begun.waitUntilExit()
            #expect(begun.terminationStatus != 0)
            #expect(Date().timeIntervalSince(killed) < 10)
            let finished = try stage.run(arguments(folder, "out", settings))
            #expect(finished.status == 0 && finished.errors.contains("going on after step"))
            #expect(try model(folder, "out") == model(folder, "straight"))
        }
    }

    /// IDs of the train-student processes with this output folder.
    private func processes(writing out: String) throws -> [pid_t] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { pid_t($0) }.filter { id in
            guard let words = FileManager.default.contents(atPath: "/proc/\(id)/cmdline") else {
                return false
            }
            let arguments = words.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            return arguments.first?.hasSuffix("/train-student") == true && arguments.contains(out)
        }.sorted()
    }

    @Test(arguments: MPI.all) func whatIsWrongInOneProcessIsToldByItAndEndsAll(mpi: MPI) throws {
        try withTemporaryFolder { folder in
            _ = try tinyDataset(in: folder)
            let (status, errors) = try run(mpi, 5, arguments(folder, "out"))
            #expect(status != 0)
            #expect(errors.contains("train-student: error: a step has 4 lanes, and 5 processes"), "\(errors)")
            #expect(errors.contains("rank 0 on "), "\(errors)")
        }
    }

    @Test(arguments: MPI.all) func aProcessWithAnotherRecipeIsRefusedByName(mpi: MPI) throws {
        try withTemporaryFolder { folder in
            _ = try tinyDataset(in: folder)
            // One program after a colon: each process gets its own.
            let process = try process(mpi, 1, arguments(folder, "out"))
            let other = arguments(folder, "out", ["seed=7"])
            let alone = Array((process.arguments ?? []).drop { $0 != "-n" }.prefix(3))
            process.arguments = (process.arguments ?? []) + [":"] + alone + other
            let (status, errors) = try run(process)
            #expect(status != 0)
            #expect(errors.contains("rank 1 on "), "\(errors)")
            #expect(errors.contains(" was started with another recipe or input than rank 0"), "\(errors)")
            let made = folder.appendingPathComponent("out/model.safetensors").path
            #expect(!FileManager.default.fileExists(atPath: made))
        }
    }

    @Test(arguments: MPI.all) func everyProcessButTheFirstLogsWhereItIsTold(mpi: MPI) throws {
        try withTemporaryFolder { folder in
            _ = try tinyDataset(in: folder)
            let logs = folder.appendingPathComponent("logs")
            try FileManager.default.createDirectory(at: logs, withIntermediateDirectories: true)
            let process = try process(mpi, 3, arguments(folder, "out"))
            process.environment = ProcessInfo.processInfo.environment.merging(
                ["ALIGN_TI_RANK_LOGS": logs.path], uniquingKeysWith: { $1 })
            let (status, errors) = try run(process)
            #expect(status == 0, "\(errors)")
            let names = try FileManager.default.contentsOfDirectory(atPath: logs.path).sorted()
            #expect(names == ["rank-1.log", "rank-2.log"])
            for name in names {
                let text = try String(contentsOf: logs.appendingPathComponent(name), encoding: .utf8)
                #expect(text.contains("10/10 steps"), "\(name): \(text)")
            }
        }
    }

    @Test(arguments: MPI.all) func aStageThatWorksAloneSaysSo(mpi: MPI) throws {
        try withTemporaryFolder { folder in
            let process = Process()
            process.executableURL = URL(fileURLWithPath: mpi.path)
            process.arguments =
                mpi.options + [
                    "-n", "2", try #require(StageProcess("make-world")).executable.path, "--out",
                    folder.appendingPathComponent("world").path,
                ]
            let (status, text) = try run(process)
            #expect(status != 0)
            #expect(text.contains("make-world is one that works alone: start it without mpirun"), "\(text)")
        }
    }
}
