import Files
import Foundation
import Models
import TestSupport
import Testing

/// Weights are believed: a stored head counts, whatever the flag of tied embeddings says.
@Suite struct StoredHeadTests {
    /// A copy of a student with tied embeddings, its flags and its head as wanted.
    ///
    /// - Parameters:
    ///   - top: `tie_word_embeddings` of the whole model; nil leaves it out
    ///   - text: the same of the language model
    ///   - head: values of a stored head for the embedding table's; nil stores none
    private func copy(
        in folder: URL, top: Bool?, text: Bool?, head: (([Float]) -> [Float])?
    ) throws -> URL {
        let copy = try CheckpointTests.altered(in: folder)
        let config = copy.appendingPathComponent("config.json")
        var object = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: config)) as? [String: Any])
        var inner = try #require(object["text_config"] as? [String: Any])
        (object["tie_word_embeddings"], inner["tie_word_embeddings"]) = (top, text)
        object["text_config"] = inner
        try FileManager.default.removeItem(at: config)
        try JSONSerialization.data(withJSONObject: object).write(to: config)
        guard let head else { return copy }
        let url = copy.appendingPathComponent("model.safetensors")
        let file = try SafeTensorsFile(url)
        var writer = SafeTensorsWriter()
        for entry in file.entries {
            writer.add(entry.name, entry.dtype, shape: entry.shape, bytes: try file.bytes(entry.name))
        }
        let table = "language_model.model.embed_tokens.weight"
        writer.add(
            "language_model.lm_head.weight", try head(file.floats(table)), shape: try file.entry(table).shape)
        try writer.write(to: url)
        return copy
    }

    private static func negated(_ table: [Float]) -> [Float] { table.map { -$0 } }

    @Test(arguments: [(true, true), (true, false), (false, true), (nil, true)] as [(Bool?, Bool?)])
    func aHeadThatIsNotTheEmbeddingTableIsUsed(top: Bool?, text: Bool?) throws {
        try withTemporaryFolder { folder in
            let source = try copy(in: folder, top: top, text: text, head: Self.negated)
            let model = try LlavaModel(folder: source)
            #expect(!model.configuration.text.tiedEmbeddings)
            #expect(model.notices.count == 1 && model.notices[0].contains("'language_model.lm_head.weight'"))
            let values = CheckpointTests.values(model)
            let table = try #require(values["model.language_model.embed_tokens.weight"])
            #expect(values["lm_head.weight"] == Self.negated(table))
            #expect(model.language.head.data.values == Self.negated(table))
            // What is written says so.
            let out = folder.appendingPathComponent("out")
            try model.save(to: out)
            let again = try LlavaModel(folder: out)
            #expect(again.notices.isEmpty && !again.configuration.text.tiedEmbeddings)
            #expect(CheckpointTests.values(again) == values)
        }
    }

    @Test func aHeadThatIsTheEmbeddingTableChangesNothing() throws {
        try withTemporaryFolder { folder in
            let plain = try LlavaModel(folder: copy(in: folder, top: nil, text: true, head: nil))
            let equal = try LlavaModel(folder: copy(in: folder, top: true, text: true, head: { $0 }))
            #expect(equal.configuration.text.tiedEmbeddings && equal.notices.isEmpty)
            #expect(CheckpointTests.values(equal) == CheckpointTests.values(plain))
            #expect(CheckpointTests.values(plain)["lm_head.weight"] == nil)
        }
    }

    @Test(arguments: [(false, false), (nil, false)] as [(Bool?, Bool?)])
    func withoutTheFlagTheHeadMustBeThere(top: Bool?, text: Bool?) throws {
        try withTemporaryFolder { folder in
            let untied = try LlavaModel(folder: copy(in: folder, top: top, text: text, head: Self.negated))
            #expect(CheckpointTests.values(untied)["lm_head.weight"] != nil && untied.notices.isEmpty)
            let without = try copy(in: folder, top: top, text: text, head: nil)
            let text = thrownText { _ = try LlavaModel(folder: without) }
            #expect(text.contains("no tensor 'lm_head.weight' [276, 64]"), "\(text)")
            #expect(text.contains("tie_word_embeddings"), "\(text)")
        }
    }

    /// The head goes into the assembled model, and grows with the embedding table.
    @Test func assemblingKeepsTheHead() throws {
        try withTemporaryFolder { folder in
            let source = try copy(in: folder, top: true, text: true, head: Self.negated)
            for vocabulary in [4, 274] {
                // Of 276 ids in all the placeholder has the last, or the first beyond the table.
                let tokenizer = try ModelAssemblyTests.tokenizer(
                    in: folder, hasImage: true, vocabulary: vocabulary + 1)
                let assembly = try ModelAssembly(
                    AssemblySettings(), language: source, vision: source, tokenizer: tokenizer)
                let out = folder.appendingPathComponent("out-\(vocabulary)")
                try FileManager.default.createDirectory(at: out, withIntermediateDirectories: true)
                try assembly.write(into: out)
                #expect(assembly.notices.count == 1)
                let file = try SafeTensorsFile(out.appendingPathComponent("model.safetensors"))
                let head = try file.floats("language_model.lm_head.weight")
                let table = try file.floats("language_model.model.embed_tokens.weight")
                #expect(head.count == table.count && head.count == (vocabulary == 4 ? 276 : 277) * 64)
                // The added row is the mean of each, so it is negated too, up to the order of a sum.
                #expect(zip(head, table).allSatisfy { abs($0 + $1) < 1e-6 })
                #expect(try LlavaModel(folder: out).notices.isEmpty)
            }
        }
    }
}
