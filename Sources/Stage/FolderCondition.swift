import Foundation
import Records

/// What an output folder says to whoever looks on of the process that writes it.
public enum FolderCondition: Equatable, Sendable {
    /// A process is at work on it.
    case taken
    /// It is whole.
    case finished
    /// Neither: the process has ended before its work.
    case left

    public init(of folder: URL) {
        let mark = open(
            folder.appendingPathComponent(OutputFolder.ownerFile).path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        // Closing it lets go of the lock, where it could be had.
        defer { if mark >= 0 { close(mark) } }
        let receipt = folder.appendingPathComponent(Receipt.fileName).path
        if mark >= 0, flock(mark, LOCK_SH | LOCK_NB) != 0, errno == EWOULDBLOCK {
            self = .taken
        } else {
            self = FileManager.default.fileExists(atPath: receipt) ? .finished : .left
        }
    }
}
