import Files
import Foundation

/// Writer and reader of metrics.jsonl: one line a step, appended as the run goes.
public final class MetricsFile {
    public static let file = "metrics.jsonl"
    /// The steps of the earlier attempt that were kept.
    package let kept: [StepMetrics]
    private let writer: JSONLinesWriter

    /// Keeps the lines of the first `steps` steps of an earlier attempt and drops what came after the state
    /// that is resumed.
    package init(_ url: URL, keeping steps: Int) throws {
        var (kept, bytes): ([StepMetrics], [UInt8]) = ([], [])
        if steps > 0, FileManager.default.fileExists(atPath: url.path) {
            try JSONLines.forEach(of: url) { line in
                guard line.isComplete, let found = try? Self.step(line.bytes, url, line.number),
                    found.step < steps
                else { return }
                kept.append(found)
                bytes += line.bytes + [0x0A]
            }
        }
        self.kept = kept
        try AtomicOutput.writeAtomically(bytes, to: url)
        writer = try JSONLinesWriter(appendingTo: url)
    }

    package func append(_ metrics: StepMetrics) throws { try writer.append(RecordFormat.line(metrics)) }

    /// Makes sure that what was appended is on disk: before a state is written that counts on it.
    package func synchronize() throws { try writer.synchronize() }

    /// Digest of the first `steps` lines, for whoever must know that they are still what they were.
    ///
    /// - Returns: nil where there are fewer
    package static func digest(of url: URL, steps: Int) throws -> String? {
        let bytes = try InputBytes.read(url)
        var end = bytes.startIndex
        for _ in 0..<steps {
            guard let feed = bytes[end...].firstIndex(of: 0x0A) else { return nil }
            end = feed + 1
        }
        return Digest.sha256(Array(bytes[..<end]))
    }

    /// The steps of a file in their order, and what is wrong with the lines that are none.
    ///
    /// - Throws: `FilesError` where the file cannot be read
    public static func read(_ url: URL) throws -> (steps: [StepMetrics], problems: [RecordError]) {
        var (steps, problems): ([StepMetrics], [RecordError]) = ([], [])
        try JSONLines.forEach(of: url) { line in
            do throws(RecordError) {
                steps.append(try step(line.bytes, url, line.number))
            } catch { problems.append(error) }
        }
        return (steps, problems)
    }

    static func step(_ line: [UInt8], _ url: URL, _ number: Int) throws(RecordError) -> StepMetrics {
        let step = try RecordFormat.decode(
            StepMetrics.self, line, file: url.path, line: number, allowsNonFinite: true)
        for (field, count) in step.counts where !(0...highest).contains(count) {
            throw .field(
                file: url.path, line: number, field: field,
                problem: "is \(count), expected a count from 0 to \(highest)")
        }
        return step
    }

    /// Counts beyond this are damage; sums over a run's steps stay whole numbers below it.
    private static let highest = 1_000_000_000_000
}
