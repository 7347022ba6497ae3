import Files
import Foundation
import Shards

/// A set that is published as LLaVA conversations already: its records are checked as pack-shards would, the
/// names of their images normalised, and their ids made different, as several records may be about one image.
struct LlavaConversations: Converter {
    let files: [URL]
    private let set: String
    private let imageFolder: String?

    /// - Parameter name: of the file in the set's folder
    init(_ source: FetchedFolder, _ name: String, _ settings: ConvertingSettings) throws {
        let remedy = "no file of these samples alone is published: they are a part of mobilevlm-v2-mix"
        files = [try source.file(name, remedy: source.set == .vigc ? remedy : nil)]
        (set, imageFolder) = (source.set.rawValue, settings.imageFolder)
    }

    func convert(into run: inout ConversionRun) throws {
        var seen: [ExactKey: Int] = [:]
        var index = 0
        try JSONRecords.forEach(of: files[0]) { place, json in
            let row = SourceRow(file: files[0].path, place: "\(place)")
            let number = index
            index += 1
            try run.take(row) {
                let sample = try LlavaSample(json: json, index: number, place: "\(row.file): \(row.place)")
                let image = try sample.image.map { name in
                    let field = JSONField(
                        file: "\(row.file): \(row.place)", path: "image", value: .string(name))
                    return (imageFolder.map { "\($0)/" } ?? "") + (try field.imageName())
                }
                let count = seen[ExactKey(sample.id), default: 0] + 1
                seen[ExactKey(sample.id)] = count
                return LlavaSample(
                    id: "\(set)-\(sample.id)" + (count > 1 ? "#\(count)" : ""), image: image,
                    turns: sample.turns)
            }
        }
    }
}
