import Files
import Foundation

/// metrics.jsonl: one line a step, appended as the run goes.
package final class MetricsFile {
    package static let file = "metrics.jsonl"
    private let writer: JSONLinesWriter
    private let encoder = JSONEncoder()

    /// Keeps the lines of the first `steps` steps of an earlier attempt and drops what came after the state
    /// that is resumed.
    package init(_ url: URL, keeping steps: Int) throws {
        encoder.outputFormatting = [.sortedKeys]
        var kept: [UInt8] = []
        if steps > 0, FileManager.default.fileExists(atPath: url.path) {
            struct Line: Decodable { let step: Int }
            try JSONLines.forEach(of: url) { line in
                guard line.isComplete,
                    let found = try? JSONDecoder().decode(Line.self, from: Data(line.bytes)),
                    found.step < steps
                else { return }
                kept += line.bytes + [0x0A]
            }
        }
        try AtomicOutput.writeAtomically(kept, to: url)
        writer = try JSONLinesWriter(appendingTo: url)
    }

    package func append(_ metrics: StepMetrics) throws {
        try writer.append([UInt8](try encoder.encode(metrics)))
    }

    /// Makes sure that what was appended is on disk: before a state is written that counts on it.
    package func synchronize() throws { try writer.synchronize() }
}
