import Foundation

/// One line of a JSON Lines file.
public struct JSONLine: Sendable {
    /// From 1, as editors count.
    public let number: Int
    /// Place where it starts, in bytes.
    public let offset: Int
    /// Without its line feed.
    public let bytes: [UInt8]
    /// Whether a line feed ended it; false at most for the last line.
    public let isComplete: Bool
    /// The bytes as text.
    public var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// Reads JSON Lines files of any size. Lines end with a line feed and nothing else: JSON strings may hold
/// other separators (U+2028, a lone carriage return) unescaped.
public enum JSONLines {
    /// Visits the lines in order; lines of white space are counted and passed over.
    ///
    /// - Throws: `FilesError.corrupt` with line and offset for invalid UTF-8, `.tooLarge`; what `body` throws
    public static func forEach(
        of url: URL, lineLimit: Int = Limit.recordBytes.value, _ body: (JSONLine) throws -> Void
    ) throws {
        let path = url.path
        var line: [UInt8] = []
        var number = 1
        var offset = 0
        func emit(isComplete: Bool) throws {
            defer {
                offset += line.count + 1
                number += 1
                line.removeAll(keepingCapacity: true)
            }
            guard line.contains(where: { !isJSONSpace($0) }) else { return }
            guard String(validating: line, as: UTF8.self) != nil else {
                throw FilesError.corrupt(
                    path: path, offset: offset, problem: "line \(number) is not valid UTF-8")
            }
            try body(JSONLine(number: number, offset: offset, bytes: line, isComplete: isComplete))
        }
        func extend(_ bytes: UnsafeRawBufferPointer.SubSequence) throws {
            guard bytes.count <= lineLimit - line.count else {
                throw FilesError.tooLarge(
                    path: path, item: "line \(number)", limit: lineLimit, name: .recordBytes)
            }
            line.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes))
        }
        try InputFile(url).forEachBlock { block in
            var rest = block[...]
            while let start = rest.first.map({ _ in rest.startIndex }),
                let end = lineFeed(in: block, from: start)
            {
                try extend(rest[start..<end])
                try emit(isComplete: true)
                rest = rest[(end + 1)...]
            }
            try extend(rest)
        }
        if !line.isEmpty { try emit(isComplete: false) }
    }

    /// Place where the last complete line ends, and how many complete lines there are (blank ones included).
    ///
    /// - Returns: `bytes` is the length to cut the file to so that only whole lines stay, `excess` what lies
    ///   beyond it
    public static func wholeLines(of url: URL) throws -> (bytes: Int, lines: Int, excess: Int) {
        var (total, whole, lines) = (0, 0, 0)
        try InputFile(url).forEachBlock { block in
            var from = 0
            while let end = lineFeed(in: block, from: from) {
                lines += 1
                whole = total + end + 1
                from = end + 1
            }
            total += block.count
        }
        return (whole, lines, total - whole)
    }

    /// Cuts a line that was not finished (the writer was killed) off the end.
    ///
    /// - Returns: how many bytes were cut
    @discardableResult
    public static func repair(_ url: URL) throws -> Int {
        let (bytes, _, excess) = try wholeLines(of: url)
        guard excess > 0 else { return 0 }
        guard truncate(url.path, off_t(bytes)) == 0 else {
            throw FilesError.current(url.path, "cut its unfinished last line")
        }
        return excess
    }

    private static func lineFeed(in block: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard start < block.count, let base = block.baseAddress,
            let found = memchr(base + start, 10, block.count - start)
        else { return nil }
        return UnsafeRawPointer(found) - base
    }
}

/// JSON's four white space bytes.
func isJSONSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 }
