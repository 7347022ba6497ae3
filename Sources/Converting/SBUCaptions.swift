import Files
import Foundation

/// SBU: a million photographs of Flickr with their owners' captions.
///
/// `sbu-captions-all.json` has two lists that belong together, `image_urls` and `captions` (and `user_ids`).
struct SBUCaptions: Converter {
    let files: [URL]
    private let wording: Wording
    private let image: String

    init(_ source: FetchedFolder, _ settings: ConvertingSettings) throws {
        files = [try source.file("sbu-captions-all.json", from: "sbu-captions-all.tar.gz")]
        (wording, image) = (Wording(settings), settings.sbuImage)
    }

    func convert(into run: inout ConversionRun) throws {
        let file = files[0]
        let addresses = try JSONItems(file, at: ["image_urls"], .array)
        let captions = try JSONItems(file, at: ["captions"], .array)
        while let address = try addresses.next() {
            guard let caption = try captions.next() else {
                throw unequal("captions ends after \(address.index), image_urls goes on")
            }
            let id = "sbu-\(address.index)"
            let row = SourceRow(file: file.path, place: "number \(address.index)", id: id)
            try run.take(row) {
                let text = try JSONField(
                    parsing: caption.bytes, file: "\(file.path): captions, \(caption.place)")
                let url = try JSONField(
                    parsing: address.bytes, file: "\(file.path): image_urls, \(address.place)")
                return wording.sample(
                    id: id, image: try name(url, address.index),
                    [Asked(question: wording.captionRequest(id: id), answer: try text.text())])
            }
        }
        if try captions.next() != nil { throw unequal("image_urls ends, captions goes on") }
    }

    private func unequal(_ problem: String) -> FilesError {
        .corrupt(path: files[0].path, offset: nil, problem: "\(problem): the two lists belong together")
    }

    /// `http://static.flickr.com/2723/4385058960_b0f291553e.jpg` has folder and name.
    private func name(_ field: JSONField, _ number: Int) throws -> String {
        let parts = try field.string().split(separator: "/", omittingEmptySubsequences: false).map(
            String.init)
        guard parts.count >= 5, ["http:", "https:"].contains(parts[0]), parts[1].isEmpty,
            case (let folder, let name) = (parts[parts.count - 2], parts[parts.count - 1]),
            ImageName.checked(folder) == folder, ImageName.checked(name) == name
        else { throw field.bad(expected: "an address that ends in a folder and a file") }
        return image.replacing("{folder}", with: folder).replacing("{name}", with: name)
            .replacing("{number}", with: "\(number)")
    }
}
