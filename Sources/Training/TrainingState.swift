import Autograd
import Files
import Foundation
import Records
import Tensors

/// Everything a run needs to go on as if it had not been interrupted: `state.safetensors`, and the state
/// before it in `state-before.safetensors` (docs/formats.md).
///
/// Tensors `<parameter>`, `<parameter>/first` and `<parameter>/second` (the optimizer's moments), all f32.
/// They are the same whatever the number of ranks, so a run may go on with another.
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

    /// Every tensor of a state: its name and shape, and how it is collected from the ranks. All ranks go
    /// through them in this order; only the first gets tensors.
    private var tensors: [(name: String, shape: [Int], collect: () throws -> Tensor?)] {
        optimizer.parameters.enumerated().flatMap { [optimizer] index, parameter in
            let shape = parameter.value.shape
            return [(parameter.name, shape, { parameter.value.data })]
                + AdamW.Moment.allCases.map { moment in
                    (
                        "\(parameter.name)/\(moment.rawValue)", shape,
                        { try optimizer.collect(moment, of: index) }
                    )
                }
        }
    }

    /// Writes the state after `step` steps, of which metrics.jsonl has all lines on disk; the state that was
    /// there is kept as the one before. All ranks call it, the first writes.
    func write(step: Int) throws {
        let tensors = tensors
        guard optimizer.ranks.isFirst else {
            // Once for the digest, once for the file.
            for _ in 0..<2 { for tensor in tensors { _ = try tensor.collect() } }
            return
        }
        let metrics = try MetricsFile.digest(of: folder.appendingPathComponent(MetricsFile.file), steps: step)
        var facts = [
            "step": String(step), "updates": String(optimizer.steps), "run": run, "metrics": metrics ?? "",
        ]
        let digest = DigestStream()
        Self.put(facts, into: digest)
        for (name, _, collect) in tensors {
            if let tensor = try collect() { Self.put(name, tensor, into: digest) }
        }
        facts["digest"] = digest.finish()
        facts["format_version"] = Self.version
        var writer = SafeTensorsWriter(metadata: facts)
        for (name, shape, collect) in tensors {
            writer.add(name, .float32, shape: shape) { sink in
                guard let tensor = try collect() else { return }
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

    /// Puts the newest whole state back into the parameters and the optimizer of all ranks; one that is
    /// damaged, or whose metrics are, is renamed and told. All ranks call it, the first reads.
    ///
    /// - Parameter setAside: told which file was renamed, and what is wrong with it
    /// - Returns: the steps done; 0 when there is no whole state
    /// - Throws: `TrainingError.otherRun` for a whole state that belongs to another run; `FilesError.system`
    ///   where one cannot be read, which is no damage
    func restore(setAside: (_ path: String, _ problem: String) throws -> Void) throws -> Int {
        var file: SafeTensorsFile?
        /// Steps and updates; nothing where there is no state.
        func newest() throws -> [Int] {
            guard let found = try newestWhole(setAside) else { return [] }
            file = found.file
            return [found.step, found.updates]
        }
        let found = try optimizer.ranks.ofFirst(newest())
        guard found.count == 2 else { return 0 }
        for (index, parameter) in optimizer.parameters.enumerated() {
            try read(parameter.name, from: file, into: parameter.value.data)
            parameter.value.dataChanged()
            let whole = Tensor(uninitialized: parameter.value.shape)
            for moment in AdamW.Moment.allCases {
                try read("\(parameter.name)/\(moment.rawValue)", from: file, into: whole)
                optimizer.put(whole, as: moment, of: index)
            }
        }
        optimizer.restore(steps: found[1])
        return found[0]
    }

    /// Reads a tensor in the rank that has the file, and gives it to all.
    private func read(_ name: String, from file: SafeTensorsFile?, into tensor: Tensor) throws {
        try file?.readFloats(name, into: tensor.pointer, count: tensor.count)
        try optimizer.ranks.broadcast(tensor.bytes(0..<tensor.count))
    }

    private func newestWhole(_ setAside: (_ path: String, _ problem: String) throws -> Void) throws
        -> (file: SafeTensorsFile, step: Int, updates: Int)?
    {
        for url in [path(Self.file), path(Self.previousFile)] {
            do {
                let file = try SafeTensorsFile(url)
                let (step, updates) = try check(file)
                return (file, step, updates)
            } catch FilesError.missing(path: url.path) {
                continue
            } catch let error as TrainingError {
                throw error
            } catch let error as FilesError where error.isOfSystem {
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
        return nil
    }

    /// Reads a state from end to end, and changes nothing. First whether it is whole, by what it says itself:
    /// one of another run may hold other tensors.
    private func check(_ file: SafeTensorsFile) throws -> (step: Int, updates: Int) {
        guard file.metadata["format_version"] == Self.version,
            let step = file.metadata["step"].flatMap({ Int($0) }),
            let updates = file.metadata["updates"].flatMap({ Int($0) }), updates >= 0, updates <= step
        else { throw Damage(problem: "it is no training state of version \(Self.version)") }
        let digest = DigestStream()
        Self.put(file.metadata, into: digest)
        for entry in file.entries { try Self.put(entry, of: file, into: digest) }
        guard digest.finish() == file.metadata["digest"] else {
            throw Damage(problem: "its digest does not fit its contents")
        }
        guard let found = file.metadata["run"], found == run else {
            throw TrainingError.otherRun(
                path: file.path,
                differences: RunIdentity.differences(from: file.metadata["run"] ?? "", to: run))
        }
        for (name, shape, _) in tensors {
            guard try file.entry(name).shape == shape else {
                throw Damage(problem: "'\(name)' has another shape than the model's")
            }
        }
        guard file.entries.count == tensors.count else {
            throw Damage(problem: "it holds other tensors than the model learns")
        }
        guard try MetricsFile.digest(of: path(MetricsFile.file), steps: step) == file.metadata["metrics"]
        else {
            throw Damage(
                problem: "the first \(step) lines of \(MetricsFile.file) are not those it was written with")
        }
        return (step, updates)
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

    /// A tensor as it stands in a file, part by part.
    private static func put(_ entry: TensorEntry, of file: SafeTensorsFile, into digest: DigestStream) throws
    {
        guard entry.dtype == .float32 else { throw Damage(problem: "'\(entry.name)' is no f32") }
        Array("\(entry.name) \(entry.count)\n".utf8).withUnsafeBytes { digest.write($0) }
        for start in stride(from: 0, to: entry.count, by: 1 << 20) {
            try file.withBytes(of: entry.name, elements: start..<min(entry.count, start + 1 << 20)) {
                digest.write($0)
            }
        }
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
