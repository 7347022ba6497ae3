import Files
import Foundation

/// Captions of COCO 2017: five people's for each photograph, a sample each.
///
/// `captions_<split>2017.json` has `images` with `id` and `file_name`, and `annotations` with `id`,
/// `image_id` and `caption`.
struct CocoCaptions: Converter {
    let files: [URL]
    private let folders: [Int]
    private let wording: Wording

    init(_ source: FetchedFolder, _ settings: ConvertingSettings) throws {
        folders = settings.orderedSplits.map { $0 == .train ? 0 : 1 }
        files = try folders.map { try source.captions(CocoPhotographs.folders[$0]) }
        wording = Wording(settings)
    }

    func convert(into run: inout ConversionRun) throws {
        for (folder, file) in zip(folders, files) {
            var photographs = CocoPhotographs()
            try photographs.add(folder, of: file)
            let items = try JSONItems(file, at: ["annotations"], .array)
            while let item = try items.next() {
                let row = SourceRow(file: file.path, place: item.place)
                try run.take(row) {
                    let record = try row.parsed(item.bytes)
                    let id = "\(DataSet.cocoCaptions.rawValue)-\(try record["id"].integer(in: 0...Int.max))"
                    return wording.sample(
                        id: id, image: try photographs.image(record["image_id"].photograph()),
                        [
                            Asked(
                                question: wording.captionRequest(id: id),
                                answer: try record["caption"].text())
                        ])
                }
            }
        }
    }
}
