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
        let counts = Counts(pieces.count)
        let one = Runs(warmup: 1, repeats: repeats) {
            for (index, piece) in pieces.enumerated() {
                counts[index] = tokenizer.encode(piece, addSpecialTokens: false).count
            }
        }
        let tokens = counts.sum
        let all = Runs(warmup: 1, repeats: repeats) {
            parallel(pieces.count, grain: 1) { range in
                for index in range {
                    counts[index] = tokenizer.encode(pieces[index], addSpecialTokens: false).count
                }
            }
        }
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
        let failures = Counts(jpegs.count)
        let all = Runs(warmup: 1, repeats: repeats) {
            parallelTasks(jpegs.count) { index in
                do { try prepare(index, Tensor(uninitialized: shape)) } catch { failures[index] = 1 }
            }
        }
        guard failures.sum == 0 else {
            throw MeasuringError.unavailable(what: "a picture could not be decoded")
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

/// Numbers written by several threads, each index by one.
private final class Counts: @unchecked Sendable {
    private let memory: UnsafeMutableBufferPointer<Int>
    init(_ count: Int) {
        memory = .allocate(capacity: count)
        memory.initialize(repeating: 0)
    }
    deinit { memory.deallocate() }
    subscript(index: Int) -> Int {
        get { memory[index] }
        set { memory[index] = newValue }
    }
    var sum: Int { memory.reduce(0, +) }
}
