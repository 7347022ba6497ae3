import Foundation
import Images
import TestSupport
import Testing

/// The tensors of a golden file: an 8-byte header length, a JSON header, then the data.
struct Golden {
    private let header: [String: [String: Any]]
    private let data: [UInt8]

    init(_ url: URL) throws {
        let bytes = [UInt8](try Data(contentsOf: url))
        let length = bytes[0..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
        let parsed =
            try JSONSerialization.jsonObject(with: Data(bytes[8..<8 + length])) as? [String: Any] ?? [:]
        header = parsed.compactMapValues { $0 as? [String: Any] }
        data = Array(bytes[(8 + length)...])
    }

    func shape(_ name: String) -> [Int] { header[name]?["shape"] as? [Int] ?? [] }

    func bytes(_ name: String) throws -> [UInt8] {
        guard let range = header[name]?["data_offsets"] as? [Int] else { throw Missing(tensor: name) }
        return Array(data[range[0]..<range[1]])
    }

    func floats(_ name: String) throws -> [Float] {
        let raw = try bytes(name)
        return raw.withUnsafeBytes { raw in
            (0..<raw.count / 4).map { raw.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
        }
    }

    func image(_ name: String) throws -> RGBImage {
        let shape = shape(name)
        guard shape.count == 3 else { throw Missing(tensor: name) }
        return RGBImage(width: shape[1], height: shape[0], pixels: try bytes(name))
    }

    struct Missing: Error { let tensor: String }
}

/// One file of an `images/index.json`, with its goldens.
struct Fixture: CustomTestStringConvertible, Sendable {
    let file: URL
    let tensors: [String]
    var testDescription: String {
        file.deletingLastPathComponent().deletingLastPathComponent().lastPathComponent + "/" + name
    }
    var name: String { file.lastPathComponent }
    var bytes: [UInt8] { get throws { [UInt8](try Data(contentsOf: file)) } }
    var golden: Golden { get throws { try Golden(file.appendingPathExtension("safetensors")) } }

    static let all: [Fixture] = Fixtures.folders("images").flatMap { folder -> [Fixture] in
        guard Fixtures.has("index.json", in: folder),
            let data = try? Data(contentsOf: folder.appendingPathComponent("index.json")),
            let rows = try? JSONSerialization.jsonObject(with: data) as? [[String: Any]]
        else { return [] }
        return rows.compactMap { row in
            guard let file = row["file"] as? String, let tensors = row["tensors"] as? [String],
                Fixtures.has(file, in: folder), Fixtures.has("\(file).safetensors", in: folder)
            else { return nil }
            return Fixture(file: folder.appendingPathComponent(file), tensors: tensors)
        }
    }

    static func named(_ name: String) throws -> Fixture {
        guard let found = all.first(where: { $0.name == name }) else { throw Golden.Missing(tensor: name) }
        return found
    }
}

/// How far two rows of samples are apart.
struct Difference {
    let largest: Int
    let share: Double  // of samples that differ

    init(_ a: [UInt8], _ b: [UInt8]) {
        let differences = zip(a, b).map { abs(Int($0) - Int($1)) }
        largest = a.count == b.count ? differences.max() ?? 0 : 256
        share = Double(differences.count { $0 != 0 }) / Double(max(differences.count, 1))
    }
}
