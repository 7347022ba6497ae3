import Foundation

/// A JSON Lines file that an interrupted process goes on with: what is not as it was written does not count.
///
/// After each line its checksum, which also depends on all lines before it, goes to the hidden file
/// `.<name>.sums` beside. Whoever opens the two goes on after the last line that fits.
public final class ResumableLines {
    /// Lines that an earlier process wrote and this one keeps.
    public private(set) var kept = 0
    /// Whether lines were dropped that had come to their end: damaged ones, and those after them.
    public let isDamaged: Bool
    private let path: String
    private let lines, sums: JSONLinesWriter
    /// Where each kept line ends, in bytes, and the checksum that goes with it.
    private var ends: [(offset: Int, sum: UInt32)] = []
    private var last: UInt32
    /// What the first line's checksum depends on.
    private let start: UInt32
    /// Eight hexadecimal digits and a line feed.
    private static let sumBytes = 9

    private static func sums(of url: URL) -> URL {
        url.deletingLastPathComponent().appendingPathComponent(".\(url.lastPathComponent).sums")
    }

    private static func sum(_ line: some Sequence<UInt8>, after last: UInt32) -> UInt32 {
        CRC32C.checksum(Array(text(last).utf8) + line)
    }

    private static func text(_ sum: UInt32) -> String {
        let digits = String(sum, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    /// Opens the file, making it and its folder if need be, and cuts off what does not fit.
    ///
    /// - Parameter identity: says what run the lines are of; those of another do not fit
    /// - Throws: `FilesError` where the files cannot be read or written
    public init(_ url: URL, of identity: String = "") throws {
        path = url.path
        start = identity.isEmpty ? 0 : CRC32C.checksum(Array(identity.utf8))
        last = start
        (lines, sums) = (
            try JSONLinesWriter(appendingTo: url), try JSONLinesWriter(appendingTo: Self.sums(of: url))
        )
        let (written, expected) = (try InputBytes.read(url), try InputBytes.read(Self.sums(of: url)))
        var place = 0
        for claimed in expected.split(separator: 10) {
            guard let end = written[place...].firstIndex(of: 10) else { break }
            let sum = Self.sum(written[place..<end], after: last)
            guard claimed.elementsEqual(Self.text(sum).utf8) else { break }
            (place, last) = (end + 1, sum)
            ends.append((place, sum))
        }
        // One line may lack its checksum, that of a process killed between the two.
        let dropped = written[place...].count { $0 == 10 }
        isDamaged = dropped > 1 || dropped == 1 && expected.count >= (ends.count + 1) * Self.sumBytes
        try cut(to: ends.count)
    }

    /// Keeps the first lines alone.
    public func cut(to count: Int) throws {
        precondition(count <= ends.count, "ResumableLines: \(count) of \(ends.count) lines")
        ends.removeLast(ends.count - count)
        (kept, last) = (count, ends.last?.sum ?? start)
        for (path, bytes) in [
            (path, ends.last?.offset ?? 0),
            (Self.sums(of: URL(fileURLWithPath: path)).path, count * Self.sumBytes),
        ] {
            guard truncate(path, off_t(bytes)) == 0 else {
                throw FilesError.current(path, "cut off what does not fit")
            }
        }
    }

    /// Appends one line, without its line feed.
    public func append(_ line: [UInt8]) throws {
        try lines.append(line)
        last = Self.sum(line, after: last)
        try sums.append(Self.text(last))
    }

    /// Appends one line of text, without its line feed.
    public func append(_ line: String) throws { try append(Array(line.utf8)) }

    /// Returns when every line so far is on the disk.
    public func synchronize() throws {
        try lines.synchronize()
        try sums.synchronize()
    }

    /// Syncs and closes.
    public func close() throws {
        try lines.close()
        try sums.close()
    }

    /// Removes the checksums of a file that is finished.
    public static func finish(_ url: URL) { unlink(sums(of: url).path) }

    /// Removes a file and its checksums.
    public static func remove(_ url: URL) {
        finish(url)
        unlink(url.path)
    }
}
