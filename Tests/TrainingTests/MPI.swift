import Foundation
import TestSupport
import Testing

/// The `mpirun` of an implementation of MPI whose plug-in is built beside the stages.
struct MPI: Sendable, CustomTestStringConvertible {
    let name: String
    let options: [String]
    var testDescription: String { name }
    var path: String { "/usr/bin/mpirun.\(name)" }

    static let all = [
        // Neither root nor more processes than processors are errors in a test.
        MPI(name: "openmpi", options: ["--allow-run-as-root", "--oversubscribe"]),
        MPI(name: "mpich", options: []),
    ].filter { mpi in
        guard let stage = StageProcess("train-student") else { return false }
        let plugin = stage.executable.deletingLastPathComponent().appendingPathComponent(
            "align-ti-\(mpi.name).so")
        return [mpi.path, plugin.path].allSatisfy { FileManager.default.fileExists(atPath: $0) }
    }

    /// Arguments of a training of ten steps with all four losses, several passes a lane.
    ///
    /// - Parameter data: holds `shards`, and gets the results
    static func training(models: URL, data: URL, out: String, _ settings: [String] = []) -> [String] {
        let all =
            [
                "steps=10", "batch_size=6", "lanes=4", "micro_batch_rows=60", "saliency_layer=1",
                "optimizer.learning_rate=1e-3",
            ] + settings
        return [
            "--model", models.appendingPathComponent("student").path,
            "--teacher", models.appendingPathComponent("teacher").path,
            "--shards", data.appendingPathComponent("shards").path,
            "--out", data.appendingPathComponent(out).path,
        ] + all.flatMap { ["--set", $0] }
    }

    /// Runs a process to its end.
    static func run(_ process: Process) throws -> (status: Int32, output: String, errors: String) {
        let (output, errors) = (Pipe(), Pipe())
        (process.standardOutput, process.standardError) = (output, errors)
        try process.run()
        let texts = [errors, output].map {
            String(decoding: $0.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        }
        process.waitUntilExit()
        return (process.terminationStatus, texts[1], texts[0])
    }
}
