import Files
import Foundation
import Models
import Records
import Stage
import Training

/// Checkpoints that a training leaves on its way: whole folders `checkpoints/step-000500` with receipts of
/// their own.
struct Checkpoints {
    private let folder: URL
    private let settings: CheckpointSettings
    private let run: StageRun
    /// Writes the student as it is into a folder.
    private let write: (URL) throws -> Void
    /// Steps of the one with the lowest held-back loss, which stays.
    private var best: Int?

    /// - Parameters:
    ///   - output: folder of the run
    ///   - write: writes the student as it is into a folder
    init(
        _ settings: CheckpointSettings, _ run: StageRun, in output: URL, write: @escaping (URL) throws -> Void
    ) throws {
        folder = output.appendingPathComponent(Trainer.checkpoints)
        (self.settings, self.run, self.write) = (settings, run, write)
        best = Trainer.savedSteps(in: output) == nil ? nil : try Self.best(in: output)
        for name in names where name.hasPrefix(Self.partial) { try remove(name) }
    }

    /// What another attempt has left is not of a run that begins with its first step.
    mutating func beginAnew() throws {
        best = nil
        for name in names { try remove(name) }
    }

    private static let prefix = "step-", partial = ".partial-"

    /// Steps after which the held-back loss was lowest so far.
    static func best(in output: URL) throws -> Int? {
        let file = output.appendingPathComponent(ValidationFile.file)
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        return try ValidationFile.read(file).best?.steps
    }

    private static func name(_ steps: Int) -> String {
        let digits = String(steps)
        return prefix + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
    }

    /// Removes the checkpoints and looks of a run that had finished.
    static func forget(in output: URL) throws {
        for name in [Trainer.checkpoints, ValidationFile.file] {
            let url = output.appendingPathComponent(name)
            if FileManager.default.fileExists(atPath: url.path) {
                try FileManager.default.removeItem(at: url)
            }
        }
    }

    /// The student as it was after so many steps.
    ///
    /// - Throws: where it is gone or not what its receipt says
    func model(after steps: Int) throws -> LlavaModel {
        let url = url(after: steps)
        guard try Receipt.read(in: url) != nil else {
            throw FilesError.missing(path: url.appendingPathComponent(Receipt.fileName).path)
        }
        try StageInput("checkpoint", url).verify()
        return try LlavaModel(folder: url)
    }

    /// The folder of the checkpoint after so many steps.
    private func url(after steps: Int) -> URL { folder.appendingPathComponent(Self.name(steps)) }

    private var names: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
    }

    /// Takes note of a look at the held-back samples; the best one is kept where the result may be it.
    mutating func validated(after steps: Int, isBest: Bool) throws {
        guard isBest else { return }
        best = steps
        if settings.best { try make(after: steps) }
    }

    /// Writes a checkpoint where one is due.
    func stepMade(_ steps: Int) throws {
        guard let every = settings.every, steps % every == 0 else { return }
        try make(after: steps)
    }

    /// Writes one whole folder, or nothing.
    private func make(after steps: Int) throws {
        let url = url(after: steps)
        guard !FileManager.default.fileExists(atPath: url.path) else { return }
        let partial = folder.appendingPathComponent(Self.partial + url.lastPathComponent)
        try AtomicOutput.makeFolder(partial)
        do {
            try write(partial)
            try run.writeReceipt(into: partial, counts: ["steps": .int(steps)])
        } catch {
            try? FileManager.default.removeItem(at: partial)
            throw error
        }
        guard rename(partial.path, url.path) == 0 else {
            throw FilesError.system(path: url.path, operation: "name the checkpoint", code: errno)
        }
        try prune()
    }

    /// Removes those that are neither among the newest nor the best.
    private func prune() throws {
        // By their steps: a longer number is no smaller word.
        let all = names.filter { $0.hasPrefix(Self.prefix) }.sorted { ($0.count, $0) < ($1.count, $1) }
        let kept = Set(all.suffix(settings.keep)).union(best.map { [Self.name($0)] } ?? [])
        for name in all where !kept.contains(name) { try remove(name) }
    }

    private func remove(_ name: String) throws {
        try FileManager.default.removeItem(at: folder.appendingPathComponent(name))
    }
}
