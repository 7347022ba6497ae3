import Files
import Foundation
import TestSupport
import Testing

/// Figures with several numbers of threads, each in a process that may run on so many processors.
@Suite struct BenchThreadsTests {
    @Test(
        .enabled(
            if: StepMemoryTests.bench != nil && ProcessInfo.processInfo.activeProcessorCount > 1,
            "bench-align-ti is not built beside the tests, or there is one processor"))
    func everyFigureIsMeasuredWithEachNumberAndCompared() throws {
        let process = Process()
        process.executableURL = StepMemoryTests.bench
        process.arguments = ["--only", "=cache", "--repeats", "1", "--threads", "2,1"]
        let (output, errors) = (Pipe(), Pipe())
        (process.standardOutput, process.standardError) = (output, errors)
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let table = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(table)")
        let lines = try text.split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
        let figures = Set(lines.compactMap { $0["figure"]?.string })
        #expect(!figures.isEmpty && lines.count == 2 * figures.count)
        for figure in figures {
            let threads = lines.filter { $0["figure"]?.string == figure }.map { $0["threads"]?.int }
            #expect(threads == [1, 2], "\(figure)")
            #expect(table.split(separator: "\n").last { $0.hasPrefix(figure) }?.contains(".") == true)
        }
        #expect(table.contains("s with 1   x with 2"))
    }

    @Test(
        .enabled(if: StepMemoryTests.bench != nil, "bench-align-ti is not built beside the tests"),
        arguments: ["0", "1,,2", "x", "1000000"])
    func otherNumbersAreRefused(threads: String) throws {
        let process = Process()
        process.executableURL = StepMemoryTests.bench
        process.arguments = ["--only", "=cache", "--threads", threads]
        (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 64)
    }
}
