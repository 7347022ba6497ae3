import Converting
import Files
import Foundation
import Shards
import TestSupport

/// What became of a set whose files a test has written.
struct Converted {
    let counts: ConversionCounts
    /// The file's lines between its brackets, commas cut off: a record each.
    let records: [String]
    /// The same as pack-shards reads them.
    let samples: [LlavaSample]
    /// The lines of `skipped.jsonl`, `…` for the test's folder.
    let skipped: [String]
}

/// A folder with sets in their publishers' forms: `<set>/<path>` is the text of a file.
struct SmallSets {
    let folder: URL

    init(_ folder: URL, _ files: [String: String]) throws {
        self.folder = folder
        for (path, text) in files {
            try AtomicOutput.writeAtomically(text, to: folder.appendingPathComponent(path))
        }
    }

    func convert(_ set: DataSet, _ change: (inout ConvertingSettings) -> Void = { _ in }) throws -> Converted
    {
        var settings = ConvertingSettings()
        change(&settings)
        let conversion = try Conversion(
            set, data: folder.appendingPathComponent(set.rawValue), settings)
        let out = folder.appendingPathComponent("out")
        let counts = try conversion.run(into: out)
        let file = out.appendingPathComponent(conversion.outputFile)
        var samples: [LlavaSample] = []
        try JSONRecords.forEach(of: file) { place, json in
            samples.append(try LlavaSample(json: json, index: samples.count, place: "\(place)"))
        }
        return Converted(
            counts: counts,
            records: try lines(file).dropFirst().dropLast().map {
                $0.hasSuffix(",") ? String($0.dropLast()) : $0
            },
            samples: samples,
            skipped: try lines(out.appendingPathComponent(Conversion.skippedFile)))
    }

    private func lines(_ file: URL) throws -> [String] {
        guard FileManager.default.fileExists(atPath: file.path) else { return [] }
        return String(decoding: try InputBytes.read(file), as: UTF8.self)
            .replacingOccurrences(of: folder.path, with: "…")
            .split(separator: "\n").map(String.init)
    }
}

/// A line of the file that a set becomes.
///
/// - Parameter turns: the texts as JSON spells them, a human's first
func record(_ id: String, _ image: String?, _ turns: String...) -> String {
    let turns = turns.enumerated().map { number, text in
        #"{"from": "\#(number.isMultiple(of: 2) ? "human" : "gpt")", "value": "\#(text)"}"#
    }
    return #"{"id": "\#(id)", "# + (image.map { #""image": "\#($0)", "# } ?? "")
        + #""conversations": [\#(turns.joined(separator: ", "))]}"#
}

/// What becomes of a set.
func converted(
    _ set: DataSet, _ files: [String: String], _ change: (inout ConvertingSettings) -> Void = { _ in }
) throws -> Converted {
    try withTemporaryFolder { try SmallSets($0, files).convert(set, change) }
}

/// The text of the error that converting a set ends with, `…` for the folder of all sets.
func failure(
    _ set: DataSet, _ files: [String: String], _ change: (inout ConvertingSettings) -> Void = { _ in }
) throws -> String {
    try withTemporaryFolder { folder in
        let sets = try SmallSets(folder, files)
        return thrownText(in: folder) { _ = try sets.convert(set, change) }
    }
}

/// A line of `skipped.jsonl` as `kind id place`.
func summary(_ line: String) throws -> String {
    let record = try JSONField(parsing: Array(line.utf8), file: "skipped")
    return try ["kind", "id", "place"].map { try record[$0].string() }.joined(separator: " ")
}
