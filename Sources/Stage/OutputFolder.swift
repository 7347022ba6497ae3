import Files
import Foundation
import Records

/// The folder that a stage writes: that it is the stage's own, and that nobody else writes it meanwhile.
///
/// While a stage is at work the hidden file `.owner` in it names the stage and is locked (flock, which the
/// system lets go of when the process ends, however it ends). Without the lock it marks what an interrupted
/// run of that stage has left.
final class OutputFolder {
    static let ownerFile = ".owner"
    private let url: URL
    private let stage: String
    private var lock: FolderLock?

    init(_ url: URL, stage: String) { (self.url, self.stage) = (url, stage) }

    /// Refuses a folder that results do not belong into.
    ///
    /// - Parameters:
    ///   - inputs: paths of what the stage reads
    ///   - force: whether a folder of something else may be written into all the same
    /// - Throws: `StageError.badOutput`
    func check(inputs: [String], force: Bool) throws {
        func refuse(_ problem: String) -> StageError { .badOutput(path: url.path, problem: problem) }
        guard !FileName.hasControls(url.path) else {
            throw StageError.usage(
                "--out \(outside: url.path) has a line break or another control character in it, which "
                    + "names of results cannot have")
        }
        let path = Self.resolved(url.path)
        guard path != "/", path != Self.resolved(NSHomeDirectory()) else {
            throw refuse("results need a folder of their own, not a home or the root of all folders")
        }
        var status = stat()
        if lstat(url.path, &status) == 0 {
            switch status.st_mode & S_IFMT {
            case S_IFDIR: break
            case S_IFLNK:
                throw refuse(
                    "is a link to \(path), and nothing is written through links: name the folder itself")
            default: throw refuse("is no folder")
            }
        }
        for input in inputs.map(Self.resolved) where (input + "/").hasPrefix(path + "/") {
            throw refuse(
                input == path
                    ? "is also an input: give another folder"
                    : "holds the input \(input): give another folder")
        }
        guard !force, let foreign = foreignContents() else { return }
        throw refuse("\(foreign): give another folder, or --force to write into this one")
    }

    /// What says that the folder is not this stage's; nil for a new, an empty and an own one.
    private func foreignContents() -> String? {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
        guard let first = names.min() else { return nil }
        if let owner = try? String(contentsOf: url.appendingPathComponent(Self.ownerFile), encoding: .utf8) {
            // Empty, or a part: killed before the name was written. The stage had not begun.
            return stage.hasPrefix(owner) ? nil : "holds what \(owner) has begun"
        }
        guard names.contains(Receipt.fileName) else { return "is not empty (it holds '\(first)')" }
        // A receipt that is damaged says nothing; its stage makes the folder again, with a warning.
        guard let receipt = try? Receipt.read(in: url), receipt.stage != stage else { return nil }
        return "holds what \(receipt.stage) has made"
    }

    /// Makes the folder and takes it for this process, and removes what killed processes left of their
    /// unfinished files.
    ///
    /// - Throws: `StageError.busy` while another process has it
    func claim() throws {
        try AtomicOutput.makeFolder(url)
        // Who only looks (`FolderCondition`) has it for a moment.
        guard let lock = try FolderLock(url.appendingPathComponent(Self.ownerFile), patience: 10) else {
            throw StageError.busy(path: url.path)
        }
        try lock.write(stage)
        self.lock = lock
        try AtomicOutput.removePartialFiles(below: url)
    }

    /// Ends the claim of a finished folder.
    func release() {
        lock?.remove()
        lock = nil
    }

    /// Removes the mark of a process that was killed when it had finished, and of nobody who is alive.
    func forgetDeadClaim() {
        let mark = url.appendingPathComponent(Self.ownerFile)
        guard FileManager.default.fileExists(atPath: mark.path) else { return }
        // In a folder that may only be read it stays.
        (try? FolderLock(mark, patience: 1))?.remove()
    }

    private static func resolved(_ path: String) -> String {
        URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath().path
    }
}
