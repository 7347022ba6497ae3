import Foundation

/// Parts of a file, read wherever they stand. Calls that come short or are interrupted are made again, which
/// `FileHandle` leaves to the caller.
public final class FileParts {
    private let file: InputFile

    /// - Throws: `FilesError.missing`, or `.system` when it cannot be opened or is a folder
    public init(_ url: URL) throws { file = try InputFile(url) }

    /// Size in bytes now.
    public func size() throws -> Int { try file.size() }

    /// Which file a name stood for when it was opened.
    public struct Identity: Equatable, Sendable {
        private let device, inode: UInt64

        init(_ status: stat) { (device, inode) = (UInt64(status.st_dev), UInt64(status.st_ino)) }
    }

    /// Which file this is: another one renamed to its name is another.
    public func identity() throws -> Identity { try file.identity() }

    /// The bytes of a range; fewer where the file ends before.
    ///
    /// - Throws: `FilesError.system`
    public func bytes(_ range: Range<Int>) throws -> [UInt8] {
        try file.seek(to: range.lowerBound)
        return try [UInt8](unsafeUninitializedCapacity: range.count) { buffer, filled in
            let room = UnsafeMutableRawBufferPointer(buffer)
            while filled < room.count {
                let count = try file.read(into: UnsafeMutableRawBufferPointer(rebasing: room[filled...]))
                if count == 0 { break }
                filled += count
            }
        }
    }
}
