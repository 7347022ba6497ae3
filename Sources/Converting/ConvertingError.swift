import Files

/// Things that can be wrong with a data set that is converted.
public enum ConvertingError: ExitCoded, Equatable, CustomStringConvertible {
    case unknownSet(name: String, near: [String])
    /// The set is published in the form that others are converted to.
    case nothingToConvert(set: String, file: String)
    /// A split that the set does not have, or has no published answers for.
    case noSplit(set: String, split: String, known: [String])
    /// A folder lacks a file of the set; `remedy` says how it comes there.
    case missingFile(folder: String, file: String, remedy: String)
    /// A row that makes no sample; `on_bad_sample: skip` leaves it out instead.
    case badRow(text: String)
    case noSamples(files: [String], rows: Int, skipped: Int, leftOut: Int)

    public var description: String {
        switch self {
        case .unknownSet(let name, let near):
            "--from '\(outside: name)': no such data set; "
                + (near.isEmpty ? "docs/data.md lists all" : "did you mean \(near.joined(separator: ", "))?")
        case .nothingToConvert(let set, let file):
            "\(set) is published as LLaVA conversations, there is nothing to convert: pack-shards --data "
                + file
        case .noSplit(let set, let split, let known):
            "splits: \(set) has no '\(split)' with published answers, only \(known.joined(separator: ", "))"
        case .missingFile(let folder, let file, let remedy): "\(folder): has no \(file); \(remedy)"
        case .badRow(let text): "\(text); correct it, or set on_bad_sample: skip"
        case .noSamples(let files, let rows, let skipped, let leftOut):
            "\(files.joined(separator: ", ")): no sample comes of \(rows) rows (\(skipped) skipped, "
                + "\(leftOut) of other splits or kinds)"
        }
    }

    public var exitCode: Int32 {
        switch self {
        case .unknownSet, .nothingToConvert, .noSplit: ExitStatus.usage
        case .missingFile: ExitStatus.missingInput
        case .badRow, .noSamples: ExitStatus.badData
        }
    }
}

/// Why a row makes no sample.
struct RowProblem: Error {
    /// A short name to count problems by.
    let kind: String
    let reason: String
}
