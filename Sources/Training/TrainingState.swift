import Autograd
import Files
import Foundation
import Records
import Tensors

/// Everything a run needs to go on as if it had not been interrupted: `state.safetensors`, and the state
/// before it in `state-before.safetensors` (docs/formats.md).
///
/// Tensors `<parameter>`, `<parameter>/first` and `<parameter>/second` (the optimizer's moments), all f32.
/// Metadata: `step` (steps done), `updates` (those of them that were not skipped), `run` (text of the run's
/// identity), `metrics` (digest of the lines of metrics.jsonl of these steps) and `digest`, which covers the
/// others and the tensors' bytes.
struct TrainingState {
    static let file = "state.safetensors"
    static let previousFile = "state-before.safetensors"
    /// What a damaged file is renamed to ends so.
    static let damagedSuffix = ".damaged"
    /// What the files of a run that was begun anew are renamed to ends so, and with a number.
    static let earlierSuffix = ".earlier-"
    private static let version = "3"

    private let optimizer: AdamW
    private let folder: URL
    private let run: String

    /// - Parameters:
    ///   - folder: holds the states and metrics.jsonl
    ///   - run: text of the run's identity; a state of another run is refused
    init(_ optimizer: AdamW, in folder: URL, run: String) {
        (self.optimizer, self.folder, self.run) = (optimizer, folder, run)
    }

    /// Every tensor of a state by its name.
    private var tensors: [(name: String, tensor: Tensor)] {
        zip(optimizer.parameters, optimizer.moments).flatMap { parameter, moments in
            [
                (moments.name, parameter.value.data), (moments.name + "/first", moments.first),
                (moments.name + "/second", moments.second),
            ]
        }
    }

    /// Writes the state after `step` steps, of which metrics.jsonl has all lines on disk; the state that was
    /// there is kept as the one before.
    func write(step: Int) throws {
        let metrics = try MetricsFile.digest(of: folder.appendingPathComponent(MetricsFile.file), steps: step)
        var facts = [
            "step": String(step), "updates": String(optimizer.steps), "run": run, "metrics": metrics ?? "",
        ]
        let digest = DigestStream()
        Self.put(facts, into: digest)
        for (name, tensor) in tensors { Self.put(name, tensor, into: digest) }
        facts["digest"] = digest.finish()
        facts["format_version"] = Self.version
        var writer = SafeTensorsWriter(metadata: facts)
        for (name, tensor) in tensors {
            writer.add(name, .float32, shape: tensor.shape) { sink in
                try SafeTensorsWriter.write(
                    UnsafeBufferPointer(start: tensor.pointer, count: tensor.count), as: .float32, to: sink)
            }
        }
        let (url, previous) = (path(Self.file), path(Self.previousFile))
        guard Foundation.rename(url.path, previous.path) == 0 || errno == ENOENT else {
            throw FilesError.system(path: url.path, operation: "keep the state before", code: errno)
        }
        try writer.write(to: url)
    }

    /// Puts the newest whole state back into the parameters and the optimizer; one that is damaged, or whose
    /// metrics are, is renamed and told.
    ///
    /// - Parameter setAside: told which file was renamed, and what is wrong with it
    /// - Returns: the steps done; 0 when there is no whole state
    /// - Throws: `TrainingError.otherRun` for a whole state that belongs to another run
    func restore(setAside: (_ path: String, _ problem: String) throws -> Void) throws -> Int {
        for url in [path(Self.file), path(Self.previousFile)]
        where FileManager.default.fileExists(atPath: url.path) {
            do {
                return try load(SafeTensorsFile(url))
            } catch let error as TrainingError {
                throw error
            } catch {
                try rename(url, problem: "\(error)", setAside)
            }
        }
        // Without a state the lines are written anew: those that were damaged are kept for whoever asks why.
        let metrics = path(MetricsFile.file)
        if FileManager.default.fileExists(atPath: path(Self.file + Self.damagedSuffix).path),
            FileManager.default.fileExists(atPath: metrics.path)
        {
            try rename(metrics, problem: "there is no whole state that it belongs to", setAside)
        }
        return 0
    }

    private func load(_ file: SafeTensorsFile) throws -> Int {
        guard file.metadata["format_version"] == Self.version,
            let step = file.metadata["step"].flatMap({ Int($0) }),
            let updates = file.metadata["updates"].flatMap({ Int($0) }), updates >= 0, updates <= step
        else { throw Damage(problem: "it is no training state of version \(Self.version)") }
        let digest = DigestStream()
        Self.put(file.metadata, into: digest)
        for (name, tensor) in tensors {
            guard try file.entry(name).shape == tensor.shape else {
                throw Damage(problem: "'\(name)' has another shape than the model's")
            }
            let copy = Tensor(uninitialized: tensor.shape)
            try file.readFloats(name, into: copy.pointer, count: copy.count)
            Self.put(name, copy, into: digest)
        }
        guard digest.finish() == file.metadata["digest"] else {
            throw Damage(problem: "its digest does not fit its contents")
        }
        guard let found = file.metadata["run"], found == run else {
            throw TrainingError.otherRun(
                path: file.path,
                differences: RunIdentity.differences(from: file.metadata["run"] ?? "", to: run))
        }
        let metrics = try? MetricsFile.digest(of: path(MetricsFile.file), steps: step)
        guard metrics == file.metadata["metrics"] else {
            throw Damage(
                problem: "the first \(step) lines of \(MetricsFile.file) are not those it was written with")
        }
        for (name, tensor) in tensors {
            try file.readFloats(name, into: tensor.pointer, count: tensor.count)
        }
        for parameter in optimizer.parameters { parameter.value.dataChanged() }
        optimizer.restore(steps: updates)
        return step
    }

    private func path(_ name: String) -> URL { folder.appendingPathComponent(name) }

    private func rename(
        _ url: URL, problem: String, _ setAside: (_ path: String, _ problem: String) throws -> Void
    ) throws {
        guard Foundation.rename(url.path, url.path + Self.damagedSuffix) == 0 else {
            throw FilesError.system(path: url.path, operation: "set the damaged file aside", code: errno)
        }
        try setAside(url.path, problem)
    }

    private static func put(_ facts: [String: String], into digest: DigestStream) {
        let text = ["step", "updates", "run", "metrics"].map { "\($0) \(facts[$0] ?? "")\n" }.joined()
        Array(text.utf8).withUnsafeBytes { digest.write($0) }
    }

    private static func put(_ name: String, _ tensor: Tensor, into digest: DigestStream) {
        Array("\(name) \(tensor.count)\n".utf8).withUnsafeBytes { digest.write($0) }
        digest.write(UnsafeRawBufferPointer(start: tensor.pointer, count: 4 * tensor.count))
    }

    private struct Damage: Error, CustomStringConvertible {
        let problem: String
        var description: String { problem }
    }
}
