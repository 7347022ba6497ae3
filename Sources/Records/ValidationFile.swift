import Files
import Foundation

/// Writer and reader of validation.jsonl: one line for each look at the held-back samples.
public final class ValidationFile {
    public static let file = "validation.jsonl"

    /// A look: how many steps were done, and what was found.
    public struct Look: Codable, Sendable, Equatable {
        public var steps: Int
        public var found: ValidationMetrics
        /// Digest that says what was looked at.
        public var of: String
        /// Beginning of the digest of the line without it: a result may be chosen by what the line says.
        public fileprivate(set) var check: String?

        public init(steps: Int, found: ValidationMetrics, of: String) {
            (self.steps, self.found, self.of) = (steps, found, of)
        }

        /// The line of the look, with its check.
        var line: [UInt8] {
            get throws {
                var look = self
                look.check = try expectedCheck
                return try RecordFormat.line(look)
            }
        }

        /// False where something of the line has changed since it was written.
        var isWhole: Bool { get throws { try check == nil || check == expectedCheck } }

        private var expectedCheck: String {
            get throws {
                var look = self
                look.check = nil
                return String(Digest.sha256(try RecordFormat.line(look)).prefix(16))
            }
        }
    }

    /// The looks so far, those of an earlier attempt included.
    public private(set) var looks: [Look]
    private let writer: JSONLinesWriter

    /// Keeps the looks of an earlier attempt, up to the steps that it is resumed at, at the same samples.
    package init(_ url: URL, keeping steps: Int, of identity: String) throws {
        let known = steps > 0 && FileManager.default.fileExists(atPath: url.path) ? try Self.read(url) : []
        looks = known.filter { $0.steps <= steps && $0.of == identity }
        try AtomicOutput.writeAtomically(
            looks.flatMap { try $0.line + [0x0A] }, to: url)
        writer = try JSONLinesWriter(appendingTo: url)
    }

    package func append(_ look: Look) throws {
        looks.append(look)
        try writer.append(look.line)
        try writer.synchronize()
    }

    /// The looks of a file; a last line that was cut off is passed over.
    ///
    /// - Throws: `FilesError` where it cannot be read or a line changed, `RecordError` for a whole line that
    ///   is none
    public static func read(_ url: URL) throws -> [Look] {
        var looks: [Look] = []
        try JSONLines.forEach(of: url) { line in
            guard line.isComplete else { return }
            var look = try RecordFormat.decode(
                Look.self, line.bytes, file: url.path, line: line.number, allowsNonFinite: true)
            guard try look.isWhole else {
                throw FilesError.corrupt(
                    path: url.path, offset: line.offset,
                    problem: "line \(line.number), the look after \(look.steps) steps, is not as it was "
                        + "written: take the line away to go on without that look")
            }
            look.check = nil
            looks.append(look)
        }
        return looks
    }
}

extension [ValidationFile.Look] {
    /// The look with the lowest loss, the first among equals; nil without one that is a number.
    public var best: ValidationFile.Look? {
        filter { $0.found.loss.isFinite }.min { $0.found.loss < $1.found.loss }
    }

    /// Looks at the end of which each had a higher loss than the one before.
    public var rises: Int {
        zip(self, dropFirst()).reversed().prefix { $1.found.loss > $0.found.loss }.count
    }
}
