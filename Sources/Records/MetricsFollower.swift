import Files
import Foundation

/// Reads a metrics.jsonl while another process appends to it.
public struct MetricsFollower {
    public let file: URL
    /// The steps so far, in the order of the file; lines that are no steps are passed over.
    public private(set) var steps: [StepMetrics] = []
    private var offset = 0
    private var identity: FileParts.Identity?
    private var rest: [UInt8] = []

    public init(_ file: URL) { self.file = file }

    /// Reads what was appended since the last call; a file that was made anew is read from its start.
    ///
    /// - Returns: whether there was anything new
    /// - Throws: `FilesError.missing`, `.system`
    @discardableResult
    public mutating func update() throws -> Bool {
        let parts = try FileParts(file)
        let size = try parts.size()
        let found = try parts.identity()
        if size < offset || (identity ?? found) != found { self = MetricsFollower(file) }
        identity = found
        let data = try parts.bytes(offset..<size)
        guard !data.isEmpty else { return false }
        offset += data.count
        rest += data
        let lines = rest.split(separator: 10, omittingEmptySubsequences: false)
        // The last part has no line feed yet.
        rest = Array(lines.last ?? [])
        steps += lines.dropLast().compactMap { try? MetricsFile.step(Array($0), file, 0) }
        return true
    }

    /// The last steps: those that a rate or a mean for people is taken over.
    public var recent: ArraySlice<StepMetrics> { steps.suffix(50) }

    /// Seconds a step, over the last steps; nil before the first.
    public var secondsPerStep: Double? {
        recent.isEmpty ? nil : recent.reduce(0) { $0 + $1.seconds.total } / Double(recent.count)
    }

    /// Seconds to the end at the pace of the last steps; nil before the first.
    public var secondsLeft: Double? {
        guard let last = steps.last, let secondsPerStep else { return nil }
        return Double(max(0, last.totalSteps - last.step - 1)) * secondsPerStep
    }

    /// The metrics.jsonl below a folder that changed last; nil where there is none.
    ///
    /// - Throws: `FilesError.missing` where there is no such folder
    public static func newest(below folder: URL) throws -> URL? {
        let files = try FolderListing.files(below: folder).filter {
            $0 == MetricsFile.file || $0.hasSuffix("/\(MetricsFile.file)")
        }
        var newest: (url: URL, time: timespec)?
        for name in files {
            let url = folder.appendingPathComponent(name)
            var status = stat()
            guard stat(url.path, &status) == 0 else { continue }
            let time = status.st_mtim
            if let known = newest?.time, (known.tv_sec, known.tv_nsec) >= (time.tv_sec, time.tv_nsec) {
                continue
            }
            newest = (url, time)
        }
        return newest?.url
    }
}
