import Files
import Foundation

/// A text file of a benchmark, read whole, whose records know their line.
struct SourceFile {
    let url: URL
    let bytes: [UInt8]

    /// The path as errors show it.
    var name: String { url.path }

    init(_ url: URL) throws {
        self.url = url
        bytes = try InputBytes.read(url)
    }

    /// The file `path` of a benchmark's folder.
    init(_ path: String, in folder: URL, of benchmark: String) throws {
        let url = folder.file(path)
        guard url.exists else {
            throw BenchmarkError.missingFile(benchmark: benchmark, file: path, folder: folder.path)
        }
        try self.init(url)
    }

    /// The file as one JSON document whose objects know their lines.
    func document() throws -> JSONField {
        try JSONField(parsing: bytes, file: name, line: 1, replacingLoneSurrogates: true)
    }

    /// One record a line, split at line feeds only: U+2028 and U+0085 inside a string are data. Blank lines
    /// are skipped.
    func records() throws -> [JSONField] {
        var line = 0
        return try bytes.split(separator: 0x0A, omittingEmptySubsequences: false).compactMap { text in
            line += 1
            if text.allSatisfy({ $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }) { return nil }
            let record = try JSONField(
                parsing: Array(text), file: name, line: line, replacingLoneSurrogates: true)
            _ = try record.object()
            return record
        }
    }

    /// The lines of a plain text file, without line feeds and carriage returns at their ends; the last may be
    /// empty.
    func lines() throws -> [String] {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw BenchmarkError.malformed(file: name, line: 1, reason: "the file is not UTF-8 text")
        }
        return text.linesSplitAtLineFeeds.map { line in
            let end = line.utf8.last == 0x0D ? line.utf8.dropLast() : line.utf8[...]
            return String(decoding: end, as: UTF8.self)
        }
    }
}

extension URL {
    var exists: Bool { FileManager.default.fileExists(atPath: path) }

    /// The file `path` below this folder, without a look at the disk.
    func file(_ path: String) -> URL { appending(path: path, directoryHint: .notDirectory) }
}
