import Foundation
import TestSupport
import Testing

/// A figure is measured in a process of its own, which ends when it should.
@Suite(.enabled(if: StepMemoryTests.bench != nil, "bench-align-ti is not built beside the tests"))
struct BenchProcessTests {
    /// A figure that takes hours, and the process that measures it.
    private func withFigure(
        _ environment: [String: String] = [:], _ body: (_ bench: Process, _ child: Int32) throws -> Void
    ) throws {
        let process = Process()
        process.executableURL = StepMemoryTests.bench
        process.arguments = ["--only", "=products", "--repeats", "1000000"]
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
        try process.run()
        let id = process.processIdentifier
        defer { kill(id, SIGKILL) }
        var children: [Int32] = []
        #expect(
            isSoon {
                let text = try? String(contentsOfFile: "/proc/\(id)/task/\(id)/children", encoding: .utf8)
                children = (text ?? "").split(separator: " ").compactMap { Int32($0) }
                return !children.isEmpty
            })
        let child = try #require(children.first)
        usleep(500_000)  // it is at work by now
        defer { kill(child, SIGKILL) }
        try body(process, child)
    }

    private func isSoon(_ condition: () -> Bool) -> Bool {
        for _ in 0..<600 where !condition() { usleep(50_000) }
        return condition()
    }

    /// What has ended stays in the table until somebody asks how.
    private func hasEnded(_ process: Int32) -> Bool {
        let state = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
        return state?.contains(") Z ") ?? true
    }

    /// Nobody would read what it measures, and it would take processors from all that comes after.
    @Test func itEndsWithTheOneThatStartedIt() throws {
        try withFigure { bench, child in
            kill(bench.processIdentifier, SIGKILL)
            bench.waitUntilExit()
            #expect(isSoon { hasEnded(child) }, "\(child) is still at work")
        }
    }

    /// With one thread of BLAS there is no thread but the stages' own that a signal could be taken by.
    @Test func aSignalEndsItWithOneThreadToo() throws {
        try withFigure(["OPENBLAS_NUM_THREADS": "1"]) { bench, child in
            kill(child, SIGTERM)
            #expect(isSoon { hasEnded(child) }, "\(child) is still at work")
            bench.waitUntilExit()
            #expect(bench.terminationStatus != 0)
        }
    }
}
