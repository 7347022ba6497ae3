import Files
import Foundation

/// drawn.jsonl: every answer as it was drawn, one line a question, so that an interrupted run goes on.
public final class DrawnFile {
    public static let name = "drawn.jsonl"
    /// Samples that have all their lines.
    public private(set) var samples = 0
    private let url: URL
    private let lines: ResumableLines

    /// Opens the file, making it if need be, and keeps of it what is whole: samples that are answered
    /// together are answered together again, so that their answers are the same to the last bit.
    ///
    /// - Parameters:
    ///   - writing: whose answers they are
    ///   - identity: of the run
    /// - Throws: `FilesError.corrupt` for lines of something else
    public init(_ url: URL, _ writing: AnswerWriting, of identity: String = "") throws {
        self.url = url
        lines = try ResumableLines(url, of: identity)
        var (kept, count) = (0, 0)
        var next = (sample: 0, turn: 0)
        try Self.forEach(of: url) { line, place in
            count += 1
            guard line.sample == next.sample, line.turn == next.turn, line.sample < writing.samples else {
                throw FilesError.corrupt(
                    path: url.path, offset: place.offset,
                    problem: "line \(place.number) does not follow the one before; delete the file")
            }
            next = line.isLast ? (next.sample + 1, 0) : (next.sample, next.turn + 1)
            let isWhole = next.sample % writing.settings.samplesAtOnce == 0 || next.sample == writing.samples
            if next.turn == 0, isWhole { (kept, samples) = (count, next.sample) }
        }
        try lines.cut(to: kept)
    }

    /// Whether what an earlier attempt has left was damaged, and only what comes before that counts.
    public var isDamaged: Bool { lines.isDamaged }

    /// Adds all lines of some samples; they are on the disk when it returns.
    public func append(_ answers: [DrawnAnswers]) throws {
        for line in answers {
            try lines.append(line.line)
            samples += line.isLast ? 1 : 0
        }
        try lines.synchronize()
    }

    public func close() throws { try lines.close() }

    /// Visits the lines; those of a file that is being written too.
    ///
    /// - Throws: `FilesError` for a line that is no record of answers; what `body` throws
    static func forEach(of url: URL, _ body: (DrawnAnswers, JSONLine) throws -> Void) throws {
        try JSONLines.forEach(of: url) { line in
            let field = try JSONField(parsing: line.bytes, file: "\(url.path): line \(line.number)")
            try body(try DrawnAnswers(field), line)
        }
    }

    /// Hands over the lines of one sample after the other.
    ///
    /// - Parameter samples: receives a function that returns the lines of the next sample, empty at the end
    func reading<Result>(_ samples: (_ next: () throws -> [DrawnAnswers]) throws -> Result) throws -> Result {
        // Where each sample's lines begin: the file may be larger than what memory is for.
        var starts: [Int] = []
        var end = 0
        try Self.forEach(of: url) { line, place in
            if line.turn == 0 { starts.append(place.offset) }
            end = place.offset + place.bytes.count + 1
        }
        starts.append(end)
        let file = try FileParts(url)
        var sample = 0
        return try samples {
            guard sample + 1 < starts.count else { return [] }
            let bytes = try file.bytes(starts[sample]..<starts[sample + 1])
            sample += 1
            return try bytes.split(separator: 10).map { line in
                try DrawnAnswers(
                    JSONField(parsing: Array(line), file: "\(self.url.path): sample \(sample - 1)"))
            }
        }
    }
}
