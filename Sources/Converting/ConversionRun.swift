import Files
import Foundation
import Shards
import Text

/// Place of one row in its source, as errors and `skipped.jsonl` name it.
struct SourceRow {
    /// Path of the file.
    let file: String
    /// `line 7`, `element 6 at byte 1234`.
    let place: String
    /// Id that the sample has or would have; empty where the row must be read first.
    var id = ""

    /// The bytes as JSON whose errors name this place.
    func parsed(_ json: [UInt8]) throws -> JSONField {
        try JSONField(parsing: json, file: "\(file): \(place)")
    }
}

/// The state of one conversion: what is written, and what rows become of those that make no sample.
struct ConversionRun {
    /// Thrown where enough samples are written.
    struct LimitReached: Error {}

    private(set) var counts = ConversionCounts()
    private let settings: ConvertingSettings
    private let samples: AtomicFile
    private let skippedURL: URL
    private var skipped: AtomicFile?
    private var ids: Set<ExactKey> = []
    private let onProgress: (ConversionCounts) throws -> Void

    /// - Parameters:
    ///   - samples: file of the conversations
    ///   - skipped: file of the rows that make none, which is made when there is one
    init(
        _ settings: ConvertingSettings, samples: URL, skipped: URL,
        _ onProgress: @escaping (ConversionCounts) throws -> Void
    ) throws {
        (self.settings, skippedURL, self.onProgress) = (settings, skipped, onProgress)
        self.samples = try AtomicFile(samples)
    }

    // MARK: Rows

    /// Takes a row that is a sample.
    ///
    /// - Parameter make: the sample; what it throws as `RowProblem` or as an error of a record's JSON is the
    ///   row's fault
    mutating func take(_ row: SourceRow, _ make: () throws -> LlavaSample) throws {
        guard let sample = try read(row, make) else { return }
        try write(sample, of: row)
    }

    /// Reads a row that is a part of a sample, or leads to one.
    ///
    /// - Returns: nil for a row that was skipped
    mutating func read<Value>(_ row: SourceRow, _ make: () throws -> Value) throws -> Value? {
        counts.rows += 1
        if counts.rows % 5_000 == 0 { try onProgress(counts) }
        do {
            return try make()
        } catch let problem as RowProblem {
            try refuse(row, problem.kind, "\(row.file): \(row.place): \(problem.reason)")
        } catch let error as FilesError {
            switch error {
            case .badField, .notJSON: try refuse(row, "malformed", "\(error)")
            default: throw error
            }
        }
        return nil
    }

    /// Counts a row that is not wanted: of another split, or of a kind that no sample can hold.
    ///
    /// - Parameter isRead: whether `read` has counted it among the rows
    mutating func leaveOut(isRead: Bool = false) {
        if !isRead { counts.rows += 1 }
        counts.leftOut += 1
    }

    /// Writes a sample that `row` ends, once it is one that pack-shards can take.
    mutating func write(_ sample: LlavaSample, of row: SourceRow) throws {
        let place = "\(row.file): \(row.place)"
        do {
            _ = try Exchange.all(of: sample.turns, imageCount: sample.image == nil ? 0 : 1)
        } catch {
            return try refuse(row, error.kind, "\(place): \(error)")
        }
        guard ids.insert(ExactKey(sample.id)).inserted else {
            return try refuse(row, "duplicate-id", "\(place): a second sample '\(outside: sample.id)'")
        }
        if counts.samples == settings.limit { throw LimitReached() }
        try samples.write(counts.samples == 0 ? "[\n" : ",\n")
        try samples.write(sample.record.bytes(.line))
        counts.samples += 1
        if sample.image != nil { counts.withImage += 1 }
    }

    private mutating func refuse(_ row: SourceRow, _ kind: String, _ reason: String) throws {
        guard settings.onBadSample == .skip else { throw ConvertingError.badRow(text: reason) }
        let file = try skipped ?? AtomicFile(skippedURL)
        skipped = file
        let line: JSONValue = [
            "number": .int(counts.rows - 1), "file": .string(row.file), "place": .string(row.place),
            "id": .string(row.id), "kind": .string(kind), "reason": .string(reason),
        ]
        try file.write(line.bytes(.compact) + [0x0a])
        counts.skipped += 1
    }

    /// Gives the files their names.
    mutating func finish() throws {
        try samples.write("\n]\n")
        try skipped?.commit()
        try samples.commit()
    }
}

extension LlavaSample {
    /// The record of LLaVA's JSON.
    var record: JSONValue {
        let turns = turns.map { turn -> JSONValue in
            ["from": .string(turn.role.rawValue), "value": .string(turn.text)]
        }
        var members: JSONObject = ["id": .string(id)]
        if let image { members.append("image", .string(image)) }
        members.append("conversations", .array(turns))
        return .object(members)
    }
}
