import Files
import Foundation
import Records

/// The metrics of a run as event files that TensorBoard shows while it goes on:
/// `tensorboard/events.out.tfevents.*`.
///
/// A resumed run opens a file of its own, which tells TensorBoard to forget the steps that are made again.
public final class TensorBoardLog {
    /// Folder of the event files in a run's.
    public static let folder = "tensorboard"
    private let folder: URL
    private let now: () -> Double
    private var writer: RecordWriter?

    /// - Parameters:
    ///   - run: the run's output folder
    ///   - now: seconds since 1970
    public init(run: URL, now: @escaping () -> Double = { Date().timeIntervalSince1970 }) {
        folder = run.appendingPathComponent(Self.folder)
        self.now = now
    }

    /// Files of a run, relative to its folder.
    public static func files(of run: URL) throws -> [String] {
        let place = run.appendingPathComponent(folder)
        guard FileManager.default.fileExists(atPath: place.path) else { return [] }
        return try FolderListing.files(below: place).map { "\(folder)/\($0)" }
    }

    /// Appends a step. The first one opens the file: at step 0 files of earlier runs go, later the run is
    /// taken to be resumed.
    public func append(_ metrics: StepMetrics) throws {
        let time = now()
        let writer = try writer ?? open(at: metrics.step, time)
        self.writer = writer
        let terms = metrics.terms
        let values: [(tag: String, value: Double)] = [
            ("loss/total", metrics.loss), ("loss/sft", terms.sft), ("loss/iva", terms.iva),
            ("loss/kd", terms.kd), ("loss/tpa", terms.tpa), ("learning_rate", metrics.learningRate),
            ("gradient_norm", metrics.gradientNorm), ("tokens_per_second", metrics.tokensPerSecond),
            ("resident_bytes", Double(metrics.residentBytes)), ("samples", Double(metrics.samples)),
        ]
        try writer.append(
            TensorBoardEvent.scalars(
                values.map { ($0.tag, Float($0.value)) }, step: metrics.step, wallSeconds: time))
    }

    /// Makes sure that what was appended is on disk.
    public func synchronize() throws { try writer?.synchronize() }

    private func open(at step: Int, _ time: Double) throws -> RecordWriter {
        if step == 0 { try? FileManager.default.removeItem(at: folder) }
        // TensorBoard reads a folder's files in the order of their names, which therefore start with the
        // time.
        let second = String(format: "%010.0f", time)
        var writer: RecordWriter?
        for attempt in 0..<1000 where writer == nil {
            let name = "events.out.tfevents.\(second).\(String(format: "%03d", attempt)).align-ti"
            let file = folder.appendingPathComponent(name)
            guard !FileManager.default.fileExists(atPath: file.path) else { continue }
            writer = try RecordWriter(creating: file)
        }
        guard let writer else {
            throw FilesError.unwritable(
                path: folder.path, problem: "it has a thousand event files of one second")
        }
        try writer.append(TensorBoardEvent.fileVersion(wallSeconds: time))
        if step > 0 { try writer.append(TensorBoardEvent.restart(step: step, wallSeconds: time)) }
        return writer
    }
}
