import Files
import Foundation
import Measuring
import Tensors
import TestSupport
import Testing

/// Steps in a process of their own, so that its memory is theirs alone.
@Suite struct StepMemoryTests {
    /// Built beside the tests, when everything is built.
    static let bench: URL? = {
        let path = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appendingPathComponent("bench-align-ti")
        return FileManager.default.isExecutableFile(atPath: path.path) ? path : nil
    }()

    /// After two steps every tensor fits where another was; threads may finish in another order, so a
    /// hundredth is allowed.
    @Test(.enabled(if: bench != nil, "bench-align-ti is not built beside the tests"))
    func noStepAfterTheSecondTakesMoreMemory() throws {
        let precisions = Precision.allCases.filter { $0.supported == $0 }.map(\.rawValue)
        let process = Process()
        process.executableURL = Self.bench
        process.arguments = [
            "--config", Fixtures.repository.appendingPathComponent("pipelines/bench/S.json").path,
            "--only", "=sft,=vanilla_kd", "--precision", precisions.joined(separator: ","), "--repeats", "6",
        ]
        let output = Pipe()
        (process.standardOutput, process.standardError) = (output, FileHandle.nullDevice)
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let lines = try text.split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
        #expect(process.terminationStatus == 0 && lines.count == 2 * precisions.count)
        for line in lines {
            let (most, growth) = (
                line["tensor_mb"]?.double ?? 0, line["tensor_growth_mb"]?.double ?? .infinity
            )
            #expect(most > 1 && growth <= most / 100, "\(line.text(.line))")
        }
    }
}
