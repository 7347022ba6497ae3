import Files
import Foundation

/// The `receipt.json` that a finished stage leaves in its output folder (docs/formats.md).
public struct Receipt: Codable, Equatable, Sendable {
    public static let fileName = "receipt.json"
    public static let currentFormat = "align-ti receipt 2"
    /// What formats that are read call the digest of the receipt itself; format 1 spells all its keys so.
    private static let digestKeys = ["align-ti receipt 1": "receiptDigest", currentFormat: "receipt_digest"]

    /// Something the stage read.
    public struct Input: Codable, Equatable, Sendable {
        public let name: String
        public let path: String
        public let sha256: String

        package init(name: String, path: String, sha256: String) {
            (self.name, self.path, self.sha256) = (name, path, sha256)
        }
    }

    /// A file the stage wrote.
    public struct Output: Codable, Equatable, Sendable {
        /// Relative to the receipt.
        public let path: String
        public let bytes: Int
        public let sha256: String
        /// Whether it differs from run to run (times, logs), and so is no part of `outputDigest`.
        public let isVolatile: Bool

        package init(path: String, bytes: Int, sha256: String, isVolatile: Bool) {
            (self.path, self.bytes, self.sha256, self.isVolatile) = (path, bytes, sha256, isVolatile)
        }
    }

    public let format: String
    public let stage: String
    public let recipe: JSONValue
    public let inputs: [Input]
    public let outputs: [Output]
    /// Digest of the non-volatile outputs' names and contents: what a stage that reads this folder takes for
    /// its input.
    public let outputDigest: String
    public let counts: JSONValue
    public let codeVersion: String
    public let blasCore: String?
    public let threads: Int?
    public let wallSeconds: Double
    public let cpuSeconds: Double
    public let peakResidentBytes: Int
    /// ISO 8601, UTC.
    public let finishedAt: String

    /// A receipt of the current format, finished now.
    package init(
        stage: String, recipe: JSONValue, inputs: [Input], outputs: [Output], counts: JSONValue,
        codeVersion: String, blasCore: String?, threads: Int?, wallSeconds: Double, cpuSeconds: Double,
        peakResidentBytes: Int
    ) {
        (format, self.stage, self.recipe, self.inputs) = (Self.currentFormat, stage, recipe, inputs)
        (self.outputs, outputDigest, self.counts) = (outputs, Self.outputDigest(outputs), counts)
        (self.codeVersion, self.blasCore, self.threads) = (codeVersion, blasCore, threads)
        (self.wallSeconds, self.cpuSeconds) = (wallSeconds, cpuSeconds)
        self.peakResidentBytes = peakResidentBytes
        finishedAt = Date().formatted(.iso8601)
    }

    private static func outputDigest(_ outputs: [Output]) -> String {
        Digest.sha256(ofFiles: outputs.filter { !$0.isVolatile }.map { ($0.path, $0.sha256) })
    }

    /// Reads a receipt and checks that nobody changed it.
    ///
    /// - Returns: nil where there is none
    /// - Throws: `FilesError.corrupt` for one that is unreadable or altered, `RecordError` for one of another
    ///   format or without a field
    public static func read(in folder: URL) throws -> Receipt? {
        let url = folder.appendingPathComponent(fileName)
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        func corrupt(_ problem: String) -> FilesError {
            .corrupt(path: url.path, offset: nil, problem: problem)
        }
        let text = try InputBytes.read(url)
        guard case .object(var fields)? = try? JSONValue(parsing: text) else {
            throw corrupt("not a JSON object")
        }
        guard case .string(let format)? = fields["format"], let digestKey = digestKeys[format] else {
            throw RecordError.otherFormat(
                file: url.path, found: fields["format"]?.text() ?? "not given", expected: currentFormat)
        }
        let own = fields[digestKey]
        fields[digestKey] = nil
        guard own == .string(Digest.sha256(JSONValue.object(fields).text())) else {
            throw corrupt("it was altered: its own digest does not fit")
        }
        let receipt = try RecordFormat.decode(Receipt.self, text, file: url.path)
        guard outputDigest(receipt.outputs) == receipt.outputDigest else {
            throw corrupt("its output digest does not fit its outputs")
        }
        return receipt
    }

    /// Writes the receipt, with a digest of itself, atomically.
    package func write(in folder: URL) throws {
        guard case .object(var fields) = try JSONValue(parsing: RecordFormat.line(self)) else {
            preconditionFailure("Receipt: not an object")
        }
        fields["receipt_digest"] = .string(Digest.sha256(JSONValue.object(fields).text()))
        try AtomicOutput.writeAtomically(
            JSONValue.object(fields).text(.pretty) + "\n", to: folder.appendingPathComponent(Self.fileName))
    }

    /// Reads outputs and compares them with the digests recorded.
    ///
    /// - Parameters:
    ///   - digests: how files are digested
    ///   - isRead: which outputs
    /// - Throws: `FilesError.corrupt` naming the first that is not what the stage wrote
    package func hold(
        in folder: URL, _ digests: FileDigests, where isRead: (Output) -> Bool = { _ in true }
    ) throws {
        for output in outputs where isRead(output) {
            let file = folder.appendingPathComponent(output.path)
            let found = try digests.digest(of: file)
            guard found != output.sha256 else { continue }
            throw FilesError.corrupt(
                path: file.path, offset: nil,
                problem:
                    "its digest is \(found.prefix(12)), the receipt beside it says "
                    + "\(output.sha256.prefix(12)): it was changed or damaged after \(stage) wrote it; "
                    + "run \(stage) again, or delete the receipt if the change is meant")
        }
    }

    /// The outputs that are not in the folder any more with the size recorded.
    package func lostOutputs(in folder: URL) -> [String] {
        outputs.filter { output in
            var status = stat()
            return stat(folder.appendingPathComponent(output.path).path, &status) != 0
                || Int(status.st_size) != output.bytes
        }.map(\.path)
    }
}
