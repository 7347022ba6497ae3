import Foundation
import TestSupport
import Testing
import Text

struct PackedSampleTests {
    private let tokenized = TokenizedConversation(
        ids: [1, -200, 5, 6, 7, 8, 9], labels: [-100, -100, -100, 6, -100, 8, 9])

    @Test func placeholdersMasksAndRange() throws {
        let sample = try tokenized.expanded(visualTokens: 3, imageTokenID: 99, maximumLength: 100)
        #expect(sample.inputIDs == [1, 99, 99, 99, 5, 6, 7, 8, 9])
        #expect(sample.labels == [-100, -100, -100, -100, -100, 6, -100, 8, 9])
        #expect(sample.instructionMask == [0, 0, 0, 0, 1, 0, 1, 0, 0])
        #expect(sample.visualRange == 1..<4)
        #expect(sample.supervisedCount == 3)
    }

    @Test func theLimitCutsOnTheRightAndNeverIntoTheImage() throws {
        #expect(
            try tokenized.expanded(visualTokens: 3, imageTokenID: 99, maximumLength: 6).inputIDs == [
                1, 99, 99, 99, 5, 6,
            ])
        let bare = try tokenized.expanded(visualTokens: 3, imageTokenID: 99, maximumLength: 4)
        #expect(bare.inputIDs == [1, 99, 99, 99] && bare.supervisedCount == 0)
        #expect(throws: SampleProblem.visualTokensCut(needed: 4, maximumLength: 3)) {
            try tokenized.expanded(visualTokens: 3, imageTokenID: 99, maximumLength: 3)
        }
        #expect(throws: SampleProblem.visualTokensCut(needed: .max, maximumLength: 3)) {
            try tokenized.expanded(visualTokens: .max, imageTokenID: 99, maximumLength: 3)
        }
    }

    @Test func withoutAnImageNothingIsInstruction() throws {
        let text = TokenizedConversation(ids: [1, 2, 3], labels: [-100, 2, 3])
        let sample = try text.expanded(visualTokens: 3, imageTokenID: 99, maximumLength: 2)
        #expect(
            sample
                == PackedSample(
                    inputIDs: [1, 2], labels: [-100, 2], instructionMask: [0, 0], visualRange: nil))
    }

    @Test func idsThatWouldBeMistakenAreRefused() {
        #expect(throws: SampleProblem.imageTokenInText(position: 2)) {
            try tokenized.expanded(visualTokens: 3, imageTokenID: 5, maximumLength: 100)
        }
        let two = TokenizedConversation(ids: [-200, -200], labels: [-100, -100])
        #expect(throws: SampleProblem.severalImages(2)) {
            try two.expanded(visualTokens: 1, imageTokenID: 5, maximumLength: 100)
        }
    }

    @Test func packingRefusesWhatTeachesNothing() throws {
        let tokenizer = try TinyTokenizers.read(try TinyTokenizers.byteLevel())
        let template = ConversationTemplate(.vicuna, system: "")
        func pack(_ limit: Int) -> Result<PackedSample, SampleProblem> {
            template.pack(
                [.init(.human, "<image>\nq"), .init(.gpt, "a")], imageCount: 1, tokenizer: tokenizer,
                visualTokens: 4,
                imageTokenID: 300, maximumLength: limit)
        }
        // " USER: " 7, image 4, "\nq ASSISTANT:" 13: the answer starts at 24.
        #expect(try pack(100).get().supervisedCount == 3)
        #expect(try pack(25).get().supervisedCount == 1)
        #expect(pack(24) == .failure(.nothingSupervised))
        #expect(pack(8) == .failure(.visualTokensCut(needed: 11, maximumLength: 8)))
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
            let packed = try TokenizedConversation(ids: ids, labels: labels).expanded(
                visualTokens: batch.n_visual_tokens, imageTokenID: batch.image_token_id,
                maximumLength: batch.max_length)
            // Golden rows are padded on the right.
            let length = golden["attention_mask", row].reduce(0, +)
            #expect(packed.inputIDs.map(Int.init) == Array(golden["input_ids", row].prefix(length)))
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
