import Files
import Foundation
import Records
import Stage
import Training

/// A finished output folder of a run.
public struct RunResult: Sendable {
    /// Name relative to the run: `answers/teacher`.
    public let name: String
    public let folder: URL
    public let receipt: Receipt
    /// SHA-256 of receipt.json: one name for everything in it.
    public let digest: String

    /// Row `ablations/kd` and seed 2 of a run of a comparison, `ablations/kd/seed-2/model`; nil for others.
    public var repetition: (row: String, seed: Int)? {
        name.wholeMatch(of: #/(.+)\/seed-([0-9]+)(\/.*)?/#).flatMap { match in
            Int(match.output.2).map { (String(match.output.1), $0) }
        }
    }

    /// The input that came from this option.
    public func input(_ name: String) -> Receipt.Input? { receipt.inputs.first { $0.name == name } }

    /// A file of the result, held to its receipt.
    ///
    /// - Throws: `FilesError.corrupt` where it is not what its stage wrote, `FilesError.missing`
    public func file(_ name: String) throws -> URL {
        let url = folder.appendingPathComponent(name)
        try StageInput(name, url).verify()
        return url
    }

    /// The folder, every file of it held to the receipt.
    ///
    /// - Throws: as `file`
    public func wholeFolder() throws -> URL {
        try StageInput(name, folder).verify()
        return folder
    }
}

/// Results and metrics below a folder, found through their receipts.
public struct RunFolder: Sendable {
    public let url: URL
    /// What belongs to checkpoints on the way, below folders of that name; no result of the run.
    public let checkpoints: [RunResult]
    /// Finished results, the pipeline's own before those in folders below; then by name.
    public let results: [RunResult]
    /// Folders with a metrics.jsonl and no receipt: training that is running or was interrupted.
    public let unfinished: [String]
    /// Receipts that could not be read, and why.
    public let problems: [String]

    /// - Throws: `ReportError.nothingToReport`, `FilesError` where the folder cannot be listed
    public init(_ url: URL) throws {
        self.url = url.standardizedFileURL
        let files = try FolderListing.files(below: url)
        func folders(with file: String) -> [String] {
            files.filter { $0 == file || $0.hasSuffix("/\(file)") }.map {
                String($0.dropLast(file.count + ($0 == file ? 0 : 1)))
            }
        }
        var (results, problems): ([RunResult], [String]) = ([], [])
        for name in folders(with: Receipt.fileName) {
            let folder = name.isEmpty ? url : url.appendingPathComponent(name)
            do {
                guard let receipt = try Receipt.read(in: folder), receipt.stage != Self.ownStage else {
                    continue
                }
                let digest = try Digest.sha256(ofFile: folder.appendingPathComponent(Receipt.fileName))
                results.append(RunResult(name: name, folder: folder, receipt: receipt, digest: digest))
            } catch {
                try refuseDiskFailure(error)
                problems.append("\(error)")
            }
        }
        func depth(_ result: RunResult) -> Int { result.name.count { $0 == "/" } }
        func isOnTheWay(_ name: String) -> Bool {
            name.split(separator: "/").contains { $0 == Trainer.checkpoints }
        }
        checkpoints = results.filter { isOnTheWay($0.name) }
        results.removeAll { isOnTheWay($0.name) }
        self.results = results.sorted { (depth($0), $0.name) < (depth($1), $1.name) }
        self.problems = problems
        unfinished = folders(with: MetricsFile.file).filter { name in
            !isOnTheWay(name) && !results.contains { $0.name == name }
        }
        guard !results.isEmpty || !unfinished.isEmpty else {
            throw ReportError.nothingToReport(folder: url.path)
        }
    }

    static let ownStage = "write-report"

    /// Results of a stage, in order.
    public func made(by stage: String) -> [RunResult] { results.filter { $0.receipt.stage == stage } }

    /// The scores of the pipeline's models; those of a comparison's single runs are in its table.
    public var scores: RunResult? { made(by: "score-benchmarks").first { $0.repetition == nil } }

    /// The result that an input was read from: the one with its digest, whatever the folder was called then.
    /// One that was made anew since then is none.
    public func source(of input: Receipt.Input) -> RunResult? {
        results.first { $0.receipt.outputDigest == input.sha256 }
    }

    /// Place of an input now: its path, or, when the run was moved or copied, the same place below the run.
    public func locate(_ input: Receipt.Input) -> URL? {
        if FileManager.default.fileExists(atPath: input.path) { return URL(fileURLWithPath: input.path) }
        let parts = input.path.split(separator: "/")
        for start in parts.indices {
            let candidate = url.appendingPathComponent(parts[start...].joined(separator: "/"))
            if FileManager.default.fileExists(atPath: candidate.path) { return candidate }
        }
        return nil
    }

    /// Digest of all a report is made from: the receipts (they hold the digests of everything else below the
    /// run), what is wrong with others, the files of unfinished runs, and the benchmarks.
    public func digest() throws -> String {
        let loose = unfinished.flatMap { name in
            [MetricsFile.file, ValidationFile.file].map { name.isEmpty ? $0 : "\(name)/\($0)" }
        }.filter { FileManager.default.fileExists(atPath: url.appendingPathComponent($0).path) }
        var files =
            (results + checkpoints).map { (name: "\($0.name)/\(Receipt.fileName)", digest: $0.digest) }
            + (try loose.map {
                (name: $0, digest: try Digest.sha256(ofFile: url.appendingPathComponent($0)))
            })
        files += problems.map { (name: "problem", digest: Digest.sha256(Array($0.utf8))) }
        files += try ScoredRun(self).state.map { (name: "benchmark", digest: Digest.sha256(Array($0.utf8))) }
        return Digest.sha256(ofFiles: files)
    }
}
