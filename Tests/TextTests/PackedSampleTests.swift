import Foundation
import TestSupport
import Testing
import Text

struct PackedSampleTests {
    private let tokenized = TokenizedConversation(
        ids: [1, -200, 5, 6, 7, 8, 9], labels: [-100, -100, -100, 6, -100, 8, 9])

    @Test func visualTokensMasksAndRange() throws {
        let sample = try tokenized.packed(visualTokens: 3, maximumLength: 100)
        #expect(sample.inputIDs == [1, -200, -200, -200, 5, 6, 7, 8, 9])
        #expect(sample.labels == [-100, -100, -100, -100, -100, 6, -100, 8, 9])
        #expect(sample.instructionMask == [0, 0, 0, 0, 1, 0, 1, 0, 0])
        #expect(sample.visualRange == 1..<4)
        #expect(sample.supervisedCount == 3)
    }

    @Test func theLimitCutsOnTheRightAndNeverIntoTheImage() throws {
        let cut = try tokenized.packed(visualTokens: 3, maximumLength: 6)
        #expect(cut.inputIDs == [1, -200, -200, -200, 5, 6])
        #expect(throws: SampleProblem.visualTokensCut(needed: 4, maximumLength: 3)) {
            try tokenized.packed(visualTokens: 3, maximumLength: 3)
        }
        #expect(throws: SampleProblem.visualTokensCut(needed: .max, maximumLength: 3)) {
            try tokenized.packed(visualTokens: .max, maximumLength: 3)
        }
    }

    @Test func withoutAnImageNothingIsInstruction() throws {
        let text = TokenizedConversation(ids: [1, 2, 3], labels: [-100, 2, 3])
        #expect(
            try text.packed(visualTokens: 3, maximumLength: 2)
                == PackedSample(
                    inputIDs: [1, 2], labels: [-100, 2], instructionMask: [0, 0], visualRange: nil))
    }

    @Test func twoImagesAreRefused() {
        let two = TokenizedConversation(ids: [-200, -200], labels: [-100, -100])
        #expect(throws: SampleProblem.severalImages(2)) {
            try two.packed(visualTokens: 1, maximumLength: 100)
        }
    }

    @Test func theLimitMayLeaveNothingToLearn() throws {
        let tokenizer = try TinyTokenizers.read(try TinyTokenizers.byteLevel())
        let segments = try ConversationTemplate(.vicuna, system: "").segments(
            [.init(.human, "<image>\nq"), .init(.gpt, "a")], imageCount: 1)
        let tokens = TokenizedConversation(segments, tokenizer: tokenizer)
        // " USER: " 7, image 4, "\nq ASSISTANT:" 13: the answer starts at 24.
        for (limit, supervised) in [(100, 3), (25, 1), (24, 0)] {
            #expect(
                try tokens.packed(visualTokens: 4, maximumLength: limit).supervisedCount == supervised)
        }
        #expect(throws: SampleProblem.visualTokensCut(needed: 11, maximumLength: 8)) {
            try tokens.packed(visualTokens: 4, maximumLength: 8)
        }
    }

    // MARK: The golden batches

    struct Batch: Decodable {
        struct Sample: Decodable {
            struct Segment: Decodable {
                let role: String
                let ids: [Int32]?
            }
            let segments: [Segment]
        }
        let image_token_id: Int32
        let n_visual_tokens: Int
        let max_length: Int
        let samples: [Sample]
    }

    @Test(arguments: Fixtures.cases("models"))
    func everyGoldenBatchIsPackedAsTheReferencePacksIt(_ folder: URL) throws {
        let batch = try JSONDecoder().decode(
            Batch.self, from: Data(contentsOf: folder.appendingPathComponent("batch.json")))
        let golden = try GoldenBatch(folder.appendingPathComponent("batch.safetensors"))
        #expect(batch.samples.count == golden.rows)
        for (row, sample) in batch.samples.enumerated() {
            var ids: [Int32] = []
            var labels: [Int32] = []
            for segment in sample.segments {
                let tokens =
                    segment.role == "image"
                    ? [TokenizedConversation.imageTokenIndex] : try #require(segment.ids)
                ids += tokens
                labels += segment.role == "response" ? tokens : tokens.map { _ in -100 }
            }
            let packed = try TokenizedConversation(ids: ids, labels: labels).packed(
                visualTokens: batch.n_visual_tokens, maximumLength: batch.max_length)
            // Golden rows are padded on the right.
            let length = golden["attention_mask", row].reduce(0, +)
            let inputIDs = packed.inputIDs.map { $0 == -200 ? batch.image_token_id : $0 }
            #expect(inputIDs.map(Int.init) == Array(golden["input_ids", row].prefix(length)))
            #expect(packed.labels.map(Int.init) == Array(golden["labels", row].prefix(length)))
            #expect(
                packed.instructionMask.map(Int.init) == Array(golden["instruction_mask", row].prefix(length)))
            let visual = golden["visual_mask", row].indices.filter { golden["visual_mask", row][$0] == 1 }
            #expect(packed.visualRange.map(Array.init) ?? [] == visual)
            #expect(packed.supervisedCount == golden["response_mask", row].reduce(0, +))
        }
    }
}

/// The integer columns of a batch.safetensors, row by row.
struct GoldenBatch {
    let rows: Int
    private var columns: [String: [[Int]]] = [:]

    private struct Entry: Decodable {
        let dtype: String
        let shape: [Int]
        let data_offsets: [Int]
    }

    init(_ url: URL) throws {
        let data = [UInt8](try Data(contentsOf: url))
        let headerSize = data.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
        let header = try JSONDecoder().decode([String: Entry].self, from: Data(data[8..<8 + headerSize]))
        for (name, entry) in header where entry.shape.count == 2 {
            let size = entry.dtype == "I64" ? 8 : 1
            let bytes = data[
                (8 + headerSize + entry.data_offsets[0])..<(8 + headerSize + entry.data_offsets[1])]
            let values = stride(from: bytes.startIndex, to: bytes.endIndex, by: size).map { start in
                Int(
                    truncatingIfNeeded: (0..<size).reduce(UInt64(0)) {
                        $0 | UInt64(bytes[start + $1]) << UInt64(8 * $1)
                    })
            }
            let width = entry.shape[1]
            columns[name] = (0..<entry.shape[0]).map { Array(values[$0 * width..<($0 + 1) * width]) }
        }
        rows = columns["input_ids"]?.count ?? 0
    }

    subscript(name: String, row: Int) -> [Int] { columns[name]?[row] ?? [] }
}
