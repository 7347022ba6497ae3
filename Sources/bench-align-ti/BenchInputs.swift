import Files
import Foundation
import Images
import Tensors
import Text
import World

/// Inputs of the data figures. With a folder they are written there once, so that other programs can be given
/// the same.
struct BenchInputs {
    let tokenizer, text: String?
    let folder: URL?
    private static let separator: UInt8 = 0
    static let pictures = 16

    /// Characters of text, and of a piece of it: about a turn of a long conversation.
    private static let (textBytes, pieceBytes) = (8_000_000, 1000)

    /// The bytes of tokenizer.json.
    func tokenizerJSON() throws -> [UInt8] {
        if let tokenizer { return Array(try Data(contentsOf: URL(fileURLWithPath: tokenizer))) }
        return try kept("tokenizer.json") {
            let settings = WorldSettings()
            let files = try WorldTokenizer(settings, sets: TrainingSets(settings)).files
            return files.first { $0.name == "tokenizer.json" }?.bytes ?? []
        }
    }

    /// Pieces of text as they are encoded; in the folder they are one file, a zero byte after each.
    func pieces() throws -> [String] {
        let bytes = try kept("text.bin") {
            let lines = try text.map { path in
                String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self).split(
                    separator: "\n", omittingEmptySubsequences: false
                ).map(String.init)
            }
            return try Self.cut(lines ?? Self.worldLines())
        }
        return bytes.split(separator: Self.separator).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func worldLines() throws -> [String] {
        let sets = try TrainingSets(WorldSettings())
        return (sets.mixed + sets.captions).flatMap { $0.turns.flatMap { [$0.prompt, $0.answer] } }
    }

    /// Joins lines to pieces, up to the wanted amount.
    private static func cut(_ lines: [String]) -> [UInt8] {
        var (all, piece): ([UInt8], [UInt8]) = ([], [])
        for line in lines {
            piece += Array(line.utf8).filter { $0 != separator } + [UInt8(ascii: "\n")]
            guard piece.count >= pieceBytes else { continue }
            all += piece + [separator]
            piece = []
            if all.count >= textBytes { break }
        }
        return all + (piece.isEmpty ? [] : piece + [separator])
    }

    /// Photograph-like JPEGs of 640 x 480: noise of all sizes, so that decoding costs what it does for a
    /// photograph.
    func jpegs() throws -> [[UInt8]] {
        try (0..<Self.pictures).map { number in
            try kept("picture-\(number).jpg") { try Self.picture(UInt64(number)).jpegBytes(quality: 90) }
        }
    }

    private static func picture(_ seed: UInt64) -> RGBImage {
        let (width, height) = (640, 480)
        var values = [Float](repeating: 128, count: width * height * 3)
        for (octave, cell) in [160, 80, 40, 20, 10, 5, 2].enumerated() {
            let amplitude = Float(60) * Float(cell) / 160 + 14
            let columns = width / cell + 2
            var random = CounterRandom(seed, UInt64(octave))
            let grid = (0..<columns * (height / cell + 2) * 3).map { _ in
                amplitude * Float(random.normal())
            }
            for y in 0..<height {
                let (row, v) = (y / cell, Float(y % cell) / Float(cell))
                for x in 0..<width {
                    let (column, u) = (x / cell, Float(x % cell) / Float(cell))
                    let at = (row * columns + column) * 3
                    for c in 0..<3 {
                        let top = grid[at + c] * (1 - u) + grid[at + 3 + c] * u
                        let below = at + columns * 3 + c
                        let bottom = grid[below] * (1 - u) + grid[below + 3] * u
                        values[(y * width + x) * 3 + c] += top * (1 - v) + bottom * v
                    }
                }
            }
        }
        return RGBImage(width: width, height: height, pixels: values.map { UInt8(max(0, min(255, $0))) })
    }

    /// The file of this name in the folder, made where it is missing.
    private func kept(_ name: String, _ make: () throws -> [UInt8]) throws -> [UInt8] {
        guard let file = folder?.appendingPathComponent(name) else { return try make() }
        if FileManager.default.fileExists(atPath: file.path) { return Array(try Data(contentsOf: file)) }
        let made = try make()
        try AtomicOutput.writeAtomically(made, to: file)
        return made
    }
}
