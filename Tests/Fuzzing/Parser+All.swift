import Benchmarks
import Files
import Foundation
import Images
import Models
import Records
import Shards
import Stage
import TeacherStore
import Text

extension Parser {
    static let all = [
        safeTensors, zstandard, archive, jpeg, png, webp, gif, bmp, tiff, json, items, tokenizer,
        conversation, recipe, table, questions, testSet, answers, receipt, shardIndex, storeIndex, seal,
        configuration,
    ]

    private static let safeTensors = Parser(name: "safetensors", corpus: safeTensorsCorpus) { bytes in
        let file = try SafeTensorsFile(bytes: bytes, name: "input")
        for name in file.names {
            if (try? file.floats(name)) == nil { _ = try file.integers(name) }
        }
    }

    private static let safeTensorsCorpus: [[UInt8]] = {
        var writer = SafeTensorsWriter(metadata: ["format": "pt"])
        writer.add("a.weight", [1.5, -2, 3] as [Float])
        writer.add("offsets", [0, 1, 2] as [UInt64])
        writer.add("ids", Array("abc".utf8))
        let plain = (try? writer.serialized()) ?? []
        return [plain, (try? Zstandard.compress(plain)) ?? []]
    }()

    private static let zstandard = Parser(
        name: "zstd",
        corpus: [Array("text".utf8), Array(repeating: 7, count: 100_000), Array(0...255)].compactMap {
            try? Zstandard.compress($0)
        }
    ) { _ = try Zstandard.decompress($0, name: "input") }

    private static let archive = Parser(name: "archive", corpus: files("archive")) { bytes in
        try Archive.forEachMember(of: file("archive", bytes)) { _, read in
            _ = try read()
            return true
        }
    }

    @Sendable private static func picture(_ bytes: [UInt8]) throws {
        let image = try decodeImage(bytes, name: "input")
        guard image.width * image.height < 10_000 else { return }
        _ = try ImageProcessor(kind: .clip, size: 16).process(image)
    }

    private static let jpeg = Parser(
        name: "jpeg",
        corpus: files("jpeg", "Tests/Fixtures/images/gray.jpg", "Tests/Fixtures/images/odd_420.jpg")
            + [(try? RGBImage(width: 9, height: 7, colour: (1, 90, 200)).jpegBytes()) ?? []], read: picture)

    private static let png = Parser(
        name: "png",
        corpus: files("png", "Tests/Fixtures/images/tiny.png", "Tests/Fixtures/images/palette_4bit.png")
            + [(try? RGBImage(width: 9, height: 7, colour: (1, 90, 200)).pngBytes()) ?? []], read: picture)

    private static let webp = Parser(name: "webp", corpus: files("webp"), read: picture)
    private static let gif = Parser(name: "gif", corpus: files("gif"), read: picture)
    private static let bmp = Parser(name: "bmp", corpus: files("bmp"), read: picture)
    private static let tiff = Parser(name: "tiff", corpus: files("tiff"), read: picture)

    private static let json = Parser(
        name: "json", corpus: files("conversation") + files("tokenizer") + files("json")
    ) {
        let value = try JSONValue(parsing: $0)
        _ = value.bytes(.compact)
    }

    /// What is one large object, read a piece at a time.
    private static let items = Parser(
        name: "json-items",
        corpus: [#"{"s": {}, "data": {"list": [1, {"a": "]\\\""}]}, "x": null}"#, #"{"data": ["a"]}"#]
            .map { Array($0.utf8) }
    ) { bytes in
        let url = try file("items", bytes)
        let places: [([String], JSONItems.Kind)] = [
            ([], .object), (["data"], .array), (["data", "list"], .array),
        ]
        var failures: [any Error] = []
        for (path, kind) in places {
            do {
                let items = try JSONItems(url, at: path, kind)
                while let item = try items.next() { _ = try JSONValue(parsing: item.bytes) }
            } catch { failures.append(error) }
        }
        // No file has something at all of them.
        if failures.count == places.count { throw failures[0] }
    }

    private static let tokenizer = Parser(name: "tokenizer", corpus: files("tokenizer")) { bytes in
        let tokenizer = try Tokenizer(json: bytes, file: "input")
        let ids = tokenizer.encode("a ab  abc 12 <|end|> wörd\nword ﷺ", addSpecialTokens: true)
        _ = tokenizer.decode(ids + [0, -1, 5], skipSpecialTokens: true)
        _ = tokenizer.identityBytes
    }

    private static let words = Result {
        try Tokenizer(json: files("tokenizer").first ?? [], file: "byte_level.json")
    }

    private static let conversation = Parser(name: "conversation", corpus: files("conversation")) { bytes in
        try JSONRecords.forEach(of: file("records", bytes)) { place, json in
            let sample = try LlavaSample(json: json, index: 0, place: place.description)
            let kinds = ConversationTemplate.Kind.allCases
            for kind in kinds where kind == kinds[json.count % kinds.count] {
                let images = sample.image == nil ? 0 : 1
                guard
                    let segments = try? ConversationTemplate(kind).segments(sample.turns, imageCount: images)
                else { continue }
                _ = try TokenizedConversation(segments, tokenizer: words.get())
                    .packed(visualTokens: 4, maximumLength: 64)
            }
        }
    }

    private static let recipe = Parser(
        name: "recipe", corpus: files("recipe", "pipelines/demo/pack.yaml", "pipelines/smoke/pack.yaml")
    ) { bytes in
        _ = try RecipeLoader.load(PackingSettings.self, config: file("recipe.yaml", bytes))
    }

    private static let table = Parser(
        name: "table", corpus: files("table")
    ) { bytes in
        let folder = try file("mmbench_dev_20230712.tsv", bytes).deletingLastPathComponent()
        _ = try ImageReader(for: MMBench(folder: folder).questions)
    }

    private static let questions = Parser(
        name: "questions",
        corpus: files("questions", "Tests/Fixtures/benchmarks/gqa/data/testdev_balanced_questions.json")
    ) { bytes in
        let folder = try file("testdev_balanced_questions.json", bytes).deletingLastPathComponent()
        _ = try GQA(folder: folder)
    }

    private static let testSet = Parser(
        name: "test-set",
        corpus: files("test-set", "Tests/Fixtures/benchmarks/gqa/predictions/messy.jsonl") + [
            Array(
                #"""
                [{"id": "a", "image": "a.jpg", "category": "c", "conversations": [
                {"from": "human", "value": "<image>\nWhat?"}, {"from": "gpt", "value": "An apple."}]}]
                """#.utf8),
            Array(
                #"""
                {"question_id": 1, "text": "Is it?", "label": "yes", "image": "a.jpg"}
                {"id": "b", "question": "Who?", "answers": ["one", "one of more words than eight, so long"]}
                """#.utf8),
        ]
    ) { bytes in
        let benchmark = try QuestionsAndAnswers(name: "qa", at: file("test.json", bytes))
        let records = benchmark.questions.map {
            AnswerRecord(answering: $0, text: $0.text, modelID: "m")
        }
        _ = try benchmark.score(AnswerFile(name: "answers", records: records))
    }

    private static let answers = Parser(
        name: "answers", corpus: files("answers", "Tests/Fixtures/benchmarks/gqa/predictions/messy.jsonl")
    ) { bytes in
        for record in try AnswerFile(file("answers.jsonl", bytes)).records { _ = record.encodedLine }
    }

    /// A receipt says its own digest: inputs are read as they are, and with the digest that they should have.
    private static let receipt = Parser(
        name: "receipt", corpus: files("receipt", "Tests/Fixtures/receipts/format-1.json")
    ) { bytes in
        _ = try file(Receipt.fileName, bytes)
        do { _ = try Receipt.read(in: scratch) } catch {
            guard case .object(var fields)? = try? JSONValue(parsing: bytes) else { throw error }
            for key in ["receipt_digest", "receiptDigest"] where fields[key] != nil {
                fields[key] = nil
                fields[key] = .string(Digest.sha256(JSONValue.object(fields).text()))
            }
            _ = try file(Receipt.fileName, JSONValue.object(fields).bytes(.pretty))
            _ = try Receipt.read(in: scratch)
        }
    }

    private static let shardIndex = Parser(name: "shard-index", corpus: files("shard-index")) { bytes in
        _ = try ShardIndex(folder: file("index.json", bytes).deletingLastPathComponent())
    }

    private static let storeIndex = Parser(name: "store-index", corpus: files("store-index")) { bytes in
        _ = try StoreIndex(folder: file("index.json", bytes).deletingLastPathComponent())
    }

    /// The seal's JSON, in the frame that it has at the end of an entry, and bare.
    private static let seal = Parser(name: "seal", corpus: files("seal")) { bytes in
        let store = Store(scratch)
        func number(_ value: Int) -> [UInt8] {
            withUnsafeBytes(of: UInt32(truncatingIfNeeded: value).littleEndian) { Array($0) }
        }
        let framed =
            number(0x184D_2A5E) + number(bytes.count + 68) + bytes + Array(Digest.sha256(bytes).utf8)
            + number(bytes.count)
        let path = store.path("key")
        try FileManager.default.createDirectory(
            at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
        var states: [Store.State] = []
        for content in [bytes, framed] {
            _ = try file(String(path.path.dropFirst(scratch.path.count + 1)), content)
            states.append(try store.state("key"))
        }
        if case .damaged(let problem)? = states.last { throw Refused(description: problem) }
    }

    private struct Refused: Error, CustomStringConvertible { let description: String }

    private static let configuration = Parser(
        name: "configuration",
        corpus: files(
            "configuration", "Tests/Fixtures/models/qwen2_siglip/student/config.json",
            "Tests/Fixtures/models/llama_clip/student/config.json",
            "Tests/Fixtures/models/qwen3_siglip/teacher/config.json")
    ) { bytes in
        _ = try LlavaConfiguration(folder: file("config.json", bytes).deletingLastPathComponent())
    }
}
