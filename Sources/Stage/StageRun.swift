import Files
import Foundation
import Processors
import Ranks
import Records
import Settings

/// One run of a stage into an output folder: whether it is needed, and the receipt that says it is done.
///
/// ```
/// let run = try StageRun(
///     "pack-shards", recipe: recipe, inputs: [StageInput("data", data)], output: out,
///     options: configuration)
/// if try run.isUpToDate() { return }
/// try run.begin()
/// ...
/// try run.finish(counts: ["samples": 2640])
/// ```
public final class StageRun {
    public let stage: String
    public let output: URL
    private let recipe: JSONValue
    private let neutral: Set<String>
    private let inputs: [StageInput]
    private let folder: OutputFolder
    private let options: ConfigurationOptions
    private let ranks: Ranks
    private let started = ContinuousClock.now
    private let say: (String) -> Void
    /// Removes what an unfinished run goes on from: called when the receipt stands, and again by a run that
    /// finds it standing, since the one before may have been killed in between.
    public var forgetState: () -> Void = {}

    /// - Parameters:
    ///   - recipe: all settings that the result depends on
    ///   - inputs: everything else it depends on
    ///   - output: the folder that will hold the result
    ///   - deciding: dotted beginnings of settings that change this result, though they need not change one
    ///   - ranks: the processes that work together, of which the first alone touches the folder
    ///   - say: takes lines for the user; stderr unless given
    /// - Throws: `StageError`; `RanksError.different` where the processes do not agree on the work
    public init(
        _ stage: String, recipe: some Recipe, inputs: [StageInput], output: URL,
        options: ConfigurationOptions, deciding: [String] = [], ranks: Ranks = .alone,
        say: @escaping (String) -> Void = StandardError.write
    ) throws {
        if ranks.count == 1, let launch = Launch.current {
            throw StageError.usage(
                "mpirun started \(launch.count) processes, and \(stage) is one that works alone: start it "
                    + "without mpirun")
        }
        if let threads = options.threads { AllowedProcessors.limit(to: threads) }
        self.stage = stage
        self.output = output
        self.recipe = try recipe.tree()
        neutral = recipe.neutralKeys.filter { key in !deciding.contains { key.hasPrefix($0) } }
        self.inputs = inputs
        self.options = options
        (self.ranks, self.say) = (ranks, say)
        folder = OutputFolder(output, stage: stage)
        if ranks.isFirst { try folder.check(inputs: inputs.map(\.path), force: options.force) }
        // Settings that do not change the result too: by some the processes meet, as where they save a state.
        try ranks.agree(
            [("recipe or input", identity(neutral: []).text), ("version of the program", Self.codeVersion)],
            host: HostName.current)
    }

    /// What the result depends on: what resumable state must belong to.
    public var identity: RunIdentity { identity(neutral: neutral) }

    private func identity(neutral: Set<String>) -> RunIdentity {
        RunIdentity(
            stage: stage, recipe: recipe, neutral: neutral, inputs: inputs.map { ($0.name, $0.digest) })
    }

    /// Whether the folder holds the result of this recipe and these inputs already, whatever the settings
    /// say that cannot change it. If so its receipt is touched (Make compares times), a line says so, and
    /// `--json` prints the summary. A damaged receipt counts as none, with a warning.
    public func isUpToDate() throws -> Bool { try ranks.ofFirst(isFinished()) }

    private func isFinished() throws -> Bool {
        guard !options.force, let receipt = finishedReceipt() else { return false }
        let url = output.appendingPathComponent(Receipt.fileName)
        guard utimes(url.path, nil) == 0 else {
            throw FilesError.system(path: url.path, operation: "touch it", code: errno)
        }
        forgetState()
        folder.forgetDeadClaim()
        say("\(stage): \(output.path) is up to date")
        options.printSummary(summary(receipt, wasUpToDate: true))
        return true
    }

    private func finishedReceipt() -> Receipt? {
        do {
            guard let receipt = try Receipt.read(in: output),
                RunIdentity(receipt, neutral: neutral) == identity
            else { return nil }
            let lost = receipt.lostOutputs(in: output)
            guard lost.isEmpty else {
                say(
                    "\(stage): warning: \(output.path) has a receipt but '\(lost[0])' is gone or changed "
                        + "its size; making it again"
                )
                return nil
            }
            return receipt
        } catch {
            say("\(stage): warning: \(Excerpt.message("\(error)")); making it again")
            return nil
        }
    }

    /// Holds the inputs to the digests that their receipts claim, makes the folder, takes it for this
    /// process, and takes an old receipt away: from here to `finish` the folder is not whole.
    ///
    /// - Returns: whether there was a receipt: what else the folder holds is of a run that had finished
    /// - Throws: `FilesError.corrupt` for an input that is not what its stage wrote, `StageError.busy`
    @discardableResult public func begin() throws -> Bool {
        for input in inputs { try input.verify() }
        return try ranks.ofFirst(claim())
    }

    private func claim() throws -> Bool {
        try folder.claim()
        let url = output.appendingPathComponent(Receipt.fileName)
        if unlink(url.path) == 0 { return true }
        guard errno == ENOENT else {
            throw FilesError.system(path: url.path, operation: "remove the old receipt", code: errno)
        }
        return false
    }

    /// Digests what is in the folder and writes the receipt: the last act of a stage.
    ///
    /// - Parameters:
    ///   - counts: what the user may want to know: samples, skipped, steps
    ///   - volatile: files that differ between runs (logs with times), relative to the folder
    ///   - excluding: files that are no result (resumable state), relative; a name ending in `/` is a whole
    ///     folder
    ///   - blasCore: which kernels OpenBLAS chose
    /// - Returns: nil in all processes but the first
    @discardableResult
    public func finish(
        counts: JSONValue = [:], volatile: Set<String> = [], excluding: Set<String> = [],
        blasCore: String? = nil
    ) throws -> Receipt? {
        guard ranks.isFirst else { return nil }
        for input in inputs { try input.requireUnchanged() }
        let receipt = try writeReceipt(
            into: output, counts: counts, volatile: volatile, excluding: excluding, blasCore: blasCore)
        forgetState()
        folder.release()
        options.printSummary(summary(receipt, wasUpToDate: false))
        return receipt
    }

    /// Digests what is in a folder and writes its receipt: of the whole result, or of a part of it that can
    /// be used by itself.
    @discardableResult
    public func writeReceipt(
        into output: URL, counts: JSONValue, volatile: Set<String> = [], excluding: Set<String> = [],
        blasCore: String? = nil
    ) throws -> Receipt {
        let names = try FolderListing.files(below: output).filter { name in
            name != Receipt.fileName
                && !excluding.contains { $0 == name || ($0.hasSuffix("/") && name.hasPrefix($0)) }
        }
        let outputs = try names.map { name in
            let url = output.appendingPathComponent(name)
            var status = stat()
            guard stat(url.path, &status) == 0 else {
                throw FilesError.system(path: url.path, operation: "look at it", code: errno)
            }
            return Receipt.Output(
                path: name, bytes: Int(status.st_size), sha256: try Digest.sha256(ofFile: url),
                isVolatile: volatile.contains(name))
        }
        let usage = ResourceUsage.current()
        let receipt = Receipt(
            stage: stage, recipe: recipe,
            inputs: inputs.map { Receipt.Input(name: $0.name, path: $0.path, sha256: $0.digest) },
            outputs: outputs, counts: counts,
            codeVersion: Self.codeVersion, blasCore: blasCore, threads: options.threads,
            wallSeconds: (ContinuousClock.now - started).seconds, cpuSeconds: usage.cpuSeconds,
            peakResidentBytes: usage.peakResidentBytes)
        try receipt.write(in: output)
        return receipt
    }

    /// The commit the Makefile built, for provenance.
    static var codeVersion: String {
        guard let version = ProcessInfo.processInfo.environment["ALIGN_TI_VERSION"], !version.isEmpty else {
            return "unknown"
        }
        return version
    }

    private func summary(_ receipt: Receipt, wasUpToDate: Bool) -> JSONValue {
        [
            "stage": .string(stage), "output": .string(output.path), "up_to_date": .bool(wasUpToDate),
            "counts": receipt.counts, "output_digest": .string(receipt.outputDigest),
            "wall_seconds": .number(receipt.wallSeconds), "cpu_seconds": .number(receipt.cpuSeconds),
            "peak_resident_bytes": .int(receipt.peakResidentBytes),
        ]
    }
}

/// Resources that the process has used so far.
public struct ResourceUsage: Sendable {
    /// User and system time of all threads.
    public let cpuSeconds: Double
    public let peakResidentBytes: Int

    public static func current() -> ResourceUsage {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return ResourceUsage(
            cpuSeconds: seconds(usage.ru_utime) + seconds(usage.ru_stime),
            peakResidentBytes: 1024 * (kibibytes("VmHWM", in: status) ?? 0))
    }

    /// Memory of the process's own now, without what it maps of files. Tensors give none back, so that after
    /// the longest step it is the most.
    public static var ownBytes: Int { 1024 * (kibibytes("RssAnon", in: status) ?? 0) }

    private static var status: String {
        (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    }

    /// What Linux says in `VmHWM:     1234 kB`, where a tab and as many blanks as fill eight places stand
    /// before the number: from 10 GB on there are none. rusage's peak would begin with that of whoever
    /// started this process.
    package static func kibibytes(_ field: String, in status: String) -> Int? {
        status.split(separator: "\n").first { $0.hasPrefix("\(field):") }
            .flatMap { Int($0.filter(\.isNumber)) }
    }
}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
