import Files
import Foundation

/// The `receipt.json` that a finished stage leaves in its output folder (docs/formats.md).
public struct Receipt: Codable, Equatable, Sendable {
    public static let fileName = "receipt.json"
    public static let currentFormat = "align-ti receipt 1"

    /// Something the stage read.
    public struct Input: Codable, Equatable, Sendable {
        public let name: String
        public let path: String
        public let sha256: String
    }

    /// A file the stage wrote.
    public struct Output: Codable, Equatable, Sendable {
        /// Relative to the receipt.
        public let path: String
        public let bytes: Int
        public let sha256: String
        /// Whether it differs from run to run (times, logs), and so is no part of `outputDigest`.
        public let isVolatile: Bool
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

    static func outputDigest(_ outputs: [Output]) -> String {
        Digest.sha256(ofFiles: outputs.filter { !$0.isVolatile }.map { ($0.path, $0.sha256) })
    }

    /// Reads a receipt and checks that nobody changed it.
    ///
    /// - Returns: nil where there is none
    /// - Throws: `FilesError.corrupt` for one that is unreadable, altered or of another format
    public static func read(in folder: URL) throws -> Receipt? {
        let url = folder.appendingPathComponent(fileName)
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        func corrupt(_ problem: String) -> FilesError {
            .corrupt(path: url.path, offset: nil, problem: problem)
        }
        let text = try InputBytes.read(url)
        guard let tree = try? JSONValue(parsing: text), case .object(var fields) = tree else {
            throw corrupt("not a JSON object")
        }
        guard fields["format"] == .string(currentFormat) else {
            throw corrupt(
                "its format is \(fields["format"]?.text() ?? "not given"), this program reads \"\(currentFormat)\""
            )
        }
        let own = fields["receiptDigest"]
        fields["receiptDigest"] = nil
        guard own == .string(Digest.sha256(JSONValue.object(fields).text())) else {
            throw corrupt("it was altered: its own digest does not fit")
        }
        let receipt: Receipt
        do {
            receipt = try JSONDecoder().decode(Receipt.self, from: Data(text))
        } catch {
            throw corrupt("it lacks a field, or one is of the wrong type (\(error))")
        }
        guard outputDigest(receipt.outputs) == receipt.outputDigest else {
            throw corrupt("its output digest does not fit its outputs")
        }
        return receipt
    }

    /// Writes the receipt, with a digest of itself, atomically.
    func write(in folder: URL) throws {
        guard case .object(var fields) = try JSONValue(parsing: Array(JSONEncoder().encode(self))) else {
            preconditionFailure("Receipt: not an object")
        }
        fields["receiptDigest"] = .string(Digest.sha256(JSONValue.object(fields).text()))
        try AtomicOutput.writeAtomically(
            JSONValue.object(fields).text(.pretty) + "\n", to: folder.appendingPathComponent(Self.fileName))
    }

    /// The outputs that are not in the folder any more with the size recorded.
    func lostOutputs(in folder: URL) -> [String] {
        outputs.filter { output in
            var status = stat()
            return stat(folder.appendingPathComponent(output.path).path, &status) != 0
                || Int(status.st_size) != output.bytes
        }.map(\.path)
    }
}
