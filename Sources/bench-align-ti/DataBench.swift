import Files
import Foundation
import Images
import Measuring
import Stage
import Tensors
import Text

/// Figures of everything that is not a model: matrix products, tokenizing, images, shards, cache entries.
struct DataBench {
    let inputs: BenchInputs
    let repeats: Int

    func figures(_ name: String) throws -> [Figure] {
        switch name {
        case "products": ProductBench.products(repeats: repeats)
        case "tokenize": try tokenizing()
        case "images": try images()
        case "cache": try withScratch { try CacheBench.entries(in: $0, repeats: repeats) }
        default: try withScratch { try shards(in: $0) }
        }
    }

    /// MB of UTF-8 a second, on one core and on all.
    private func tokenizing() throws -> [Figure] {
        let tokenizer = try Tokenizer(
            json: inputs.tokenizerJSON(), file: inputs.tokenizer ?? "tokenizer.json")
        let pieces = try inputs.pieces()
        let bytes = pieces.reduce(0) { $0 + $1.utf8.count }
        @Sendable func count(_ index: Int) -> Int {
            tokenizer.encode(pieces[index], addSpecialTokens: false).count
        }
        var tokens = 0
        let one = Runs(warmup: 1, repeats: repeats) { tokens = pieces.indices.map(count).reduce(0, +) }
        let all = Runs(warmup: 1, repeats: repeats) { _ = parallelMap(pieces.count, grain: 1, count) }
        return [("tokenize_one_core", one), ("tokenize_all_cores", all)].map { name, runs in
            Figure(
                name, runs,
                facts: [
                    "mb_per_second": .rounded(Double(bytes) / runs.spread.median / 1e6), "bytes": .int(bytes),
                    "tokens": .int(tokens), "vocabulary": .int(tokenizer.vocabularySize),
                    "tokenizer": .string(inputs.tokenizer ?? "of the embedded world"),
                    "text": .string(inputs.text ?? "of the embedded world"),
                ])
        }
    }

    /// JPEG of 640 x 480 to the normalised rows of patches of a tower of 384.
    private func images() throws -> [Figure] {
        let jpegs = try inputs.jpegs()
        let processor = try ImageProcessor(kind: .siglip, size: 384)
        let patch = 14
        let side = processor.size / patch
        @Sendable func prepare(_ index: Int, _ rows: Tensor) throws {
            let pixels = processor.process(try decodeImage(jpegs[index], name: "picture \(index)"))
            pixels.withUnsafeBufferPointer {
                if let base = $0.baseAddress { processor.normalise(base, patch: patch, into: rows.pointer) }
            }
        }
        let shape = [side * side, 3 * patch * patch]
        let scratch = Tensor(uninitialized: shape)
        let one = try Runs(warmup: 1, repeats: repeats) {
            for index in jpegs.indices { try prepare(index, scratch) }
        }
        let all = try Runs(warmup: 1, repeats: repeats) {
            _ = try parallelMap(jpegs.count) { try prepare($0, Tensor(uninitialized: shape)) }
        }
        return [("images_one_core", one), ("images_all_cores", all)].map { name, runs in
            Figure(
                name, runs,
                facts: [
                    "images_per_second": .rounded(Double(jpegs.count) / runs.spread.median),
                    "jpeg_bytes": .int(jpegs.reduce(0) { $0 + $1.count } / jpegs.count),
                ])
        }
    }

    func withScratch<Result>(_ body: (URL) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "bench-align-ti-\(UUID().uuidString)")
        try AtomicOutput.makeFolder(folder)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder)
    }
}
