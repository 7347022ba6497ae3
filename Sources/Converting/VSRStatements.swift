import Files
import Foundation

/// Visual Spatial Reasoning: statements about two things in a photograph of COCO, true or false. The splits
/// are the validated statements, divided at random by the publisher.
///
/// A line of `random/<split>.jsonl` has `image`, `image_link`, `caption`, `label` (1 true, 0 false) and more.
struct VSRStatements: Converter {
    let files: [URL]
    private let splits: [DataSplit]
    private let wording: Wording
    private let statement: String

    init(_ source: FetchedFolder, _ settings: ConvertingSettings) throws {
        splits = settings.orderedSplits
        files = try splits.map { split in
            try source.file("random/\(split == .val ? "dev" : split.rawValue).jsonl")
        }
        (wording, statement) = (Wording(settings), settings.statement)
    }

    func convert(into run: inout ConversionRun) throws {
        for (split, file) in zip(splits, files) {
            try JSONLines.forEach(of: file) { line in
                // The set has no ids of its own, and the order of its lines is published.
                let id = "vsr-\(split.rawValue)-\(line.number)"
                let row = SourceRow(file: file.path, place: "line \(line.number)", id: id)
                try run.take(row) {
                    let record = try row.parsed(line.bytes)
                    let question = statement.replacing("{statement}", with: try record["caption"].text())
                    let isTrue = try record["label"].integer(in: 0...1) == 1
                    return wording.sample(
                        id: id, image: try Self.image(record),
                        [Asked(question: wording.short(question), answer: isTrue ? "Yes" : "No")])
                }
            }
        }
    }

    /// `train2017/000000050403.jpg`: the folder is a part of the photograph's address.
    private static func image(_ record: JSONField) throws -> String {
        let name = try record["image"].idName()
        let link = try record["image_link"].string()
        for folder in CocoPhotographs.folders where link.hasSuffix("/\(folder)/\(name)") {
            return "\(folder)/\(name)"
        }
        throw try record["image_link"].bad(expected: "an address that ends in train2017/ or val2017/\(name)")
    }
}
