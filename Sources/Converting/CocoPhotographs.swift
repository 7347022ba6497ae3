import Files
import Foundation

/// Which photographs COCO 2017 has, and in which of its two folders each lies. COCO 2014 has the same under
/// the same numbers.
struct CocoPhotographs {
    static let folders = ["train2017", "val2017"]

    /// Index in `folders` by number.
    private var folders: [Int: UInt8] = [:]

    /// Reads `images` of COCO's captions, whose elements have `id` and `file_name`.
    ///
    /// - Throws: `FilesError` naming the file and the field
    mutating func add(_ folder: Int, of captions: URL) throws {
        let items = try JSONItems(captions, at: ["images"], .array)
        while let item = try items.next() {
            let record = try JSONField(parsing: item.bytes, file: "\(captions.path): \(item.place)")
            let number = try record["id"].photograph()
            let name = try record["file_name"]
            guard try name.string() == Self.fileName(number) else {
                throw name.bad(expected: "\"\(Self.fileName(number))\"")
            }
            folders[number] = UInt8(clamping: folder)
        }
    }

    /// `train2017/000000391895.jpg`.
    ///
    /// - Throws: `RowProblem` for a number that no list has
    func image(_ number: Int) throws -> String {
        guard let folder = folders[number] else {
            throw RowProblem(
                kind: "unknown-image", reason: "photograph \(number) is none of those that COCO 2017 lists")
        }
        return "\(Self.folders[Int(folder)])/\(Self.fileName(number))"
    }

    private static func fileName(_ number: Int) -> String {
        let digits = "\(number)"
        return String(repeating: "0", count: max(0, 12 - digits.count)) + digits + ".jpg"
    }
}

extension FetchedFolder {
    /// COCO's captions of one of `CocoPhotographs.folders`.
    func captions(_ folder: String) throws -> URL {
        try file(
            "annotations/captions_\(folder).json", "captions_\(folder).json",
            from: "annotations_trainval2017.zip")
    }
}
