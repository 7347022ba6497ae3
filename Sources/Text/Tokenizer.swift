import Files
import Foundation

/// A tokenizer read from a Hugging Face `tokenizer.json`: the byte-level BPE family (GPT-2, Qwen2, Qwen3,
/// Llama 3) and the SentencePiece BPE family (Llama 2, Vicuna).
///
/// Immutable: any number of threads may encode and decode with it at once. A class, because a closure that
/// captured a value would count a reference to each of its thirty tables, and two threads that count the same
/// references wait for each other. The file's `truncation` and `padding` are ignored, as `transformers` does:
/// lengths are settled where samples are made.
public final class Tokenizer: Sendable {
    package let normalizer: Normalizer
    package let preTokenizer: PreTokenizer
    let postProcessor: PostProcessor
    let decoderSteps: [DecoderStep]
    package let model: BPEModel
    package let addedTokens: [AddedToken]
    /// The parts of the file that are neither vocabulary nor merges, canonical.
    let settings: [UInt8]
    private let addedIDs: ByteStringTable
    private let texts: [[UInt8]?]  // [vocabularySize]
    private let special: [Bool]  // [vocabularySize]
    private let rawMatcher: AddedTokenMatcher
    private let normalizedMatcher: AddedTokenMatcher

    /// Reads a `tokenizer.json`, or the one in a folder.
    ///
    /// - Throws: `FilesError` or `TextError`, naming the file and the field
    public convenience init(contentsOf url: URL) throws {
        var url = url
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), isFolder.boolValue
        else {
            try self.init(json: InputBytes.read(url), file: url.path)
            return
        }
        let companions = TokenizerCompanions(folder: url)
        url = url.appendingPathComponent("tokenizer.json")
        try companions.requireTokenizer(url)
        try self.init(json: InputBytes.read(url), file: url.path)
        try companions.requireTokens { addedID(of: $0) != nil || model.texts.find(Array($0.utf8)) >= 0 }
    }

    /// Reads the bytes of a `tokenizer.json`.
    ///
    /// - Parameter file: what errors call it
    public init(json: [UInt8], file: String) throws {
        let root = try JSONField(parsing: json, file: file)
        let modelField = try root["model"]
        if let type = try modelField.optional("type"), try type.string() != "BPE" {
            throw type.unsupported("BPE")
        }
        normalizer = try Normalizer(root.optional("normalizer"))
        preTokenizer = try PreTokenizer(root.optional("pre_tokenizer"))
        postProcessor = try PostProcessor(root.optional("post_processor"))
        decoderSteps = try DecoderStep.read(root.optional("decoder"))
        try normalizer.growth.followed(by: preTokenizer.growth).check(
            root, "normalizer", normalizer.steps.count)
        try preTokenizer.growth.check(root, "pre_tokenizer", preTokenizer.steps.count)
        try decoderSteps.reduce(TextGrowth()) { $0.followed(by: $1.growth) }
            .check(root, "decoder", decoderSteps.count)

        let vocabulary = try Tokenizer.readVocabulary(modelField["vocab"])
        addedTokens = try root.optional("added_tokens")?.elements().map { try AddedToken($0) } ?? []
        let largest = vocabulary.largest
        model = try BPEModel(
            modelField, tokens: vocabulary.tokens, largest: largest, isByteLevel: preTokenizer.isByteLevel)

        let size = max(largest, addedTokens.map { Int($0.id) }.max() ?? -1) + 1
        var texts = [[UInt8]?](repeating: nil, count: size)
        for token in vocabulary.tokens { texts[Int(token.id)] = token.text }
        var special = [Bool](repeating: false, count: size)
        var addedIDs = ByteStringTable(capacity: addedTokens.count)
        for (index, token) in addedTokens.enumerated() {
            let found = JSONField(
                file: file, path: "added_tokens[\(index)]",
                value: .string(String(decoding: token.content, as: UTF8.self)))
            if let text = texts[Int(token.id)], text != token.content {
                throw found.bad(
                    expected: "an id of its own: \(token.id) is \(JSONValue.shown(text: text))")
            }
            let known = model.texts.find(token.content)
            guard known < 0 || known == token.id else {
                throw found.bad(expected: "id \(known), as model.vocab says")
            }
            guard addedIDs.insert(token.content, token.id) else {
                throw found.bad(expected: "every added token once")
            }
            texts[Int(token.id)] = token.content
            special[Int(token.id)] = token.isSpecial
        }
        for id in postProcessor.prefix + postProcessor.suffix where Int(id) >= size || texts[Int(id)] == nil {
            throw try root["post_processor"].bad(
                found: "id \(id)", expected: "ids of model.vocab or added_tokens")
        }
        self.texts = texts
        self.special = special
        self.addedIDs = addedIDs
        rawMatcher = AddedTokenMatcher(addedTokens.filter { !$0.isNormalized }, normalizer: .identity)
        normalizedMatcher = AddedTokenMatcher(addedTokens.filter(\.isNormalized), normalizer: normalizer)
        settings = try Tokenizer.canonicalSettings(root, modelField)
    }

    private static func readVocabulary(_ field: JSONField) throws -> (
        tokens: [(text: [UInt8], id: Int32)], largest: Int
    ) {
        let object = try field.object()
        var tokens: [(text: [UInt8], id: Int32)] = []
        tokens.reserveCapacity(object.members.count)
        var largest = -1
        let longest = Limit.tokenBytes.value
        for member in object.members {
            guard member.name.utf8.count <= longest else {
                throw FilesError.tooLarge(
                    path: field.file, item: "the token \"\(outside: member.name)\"", limit: longest,
                    name: .tokenBytes)
            }
            guard case .int(let id) = member.value, (0...BPEModel.largestID).contains(id) else {
                throw try field[member.name].bad(expected: "an id from 0 to \(BPEModel.largestID)")
            }
            tokens.append((Array(member.name.utf8), Int32(truncatingIfNeeded: id)))
            largest = max(largest, id)
        }
        guard !tokens.isEmpty else { throw field.bad(expected: "at least one token") }
        var isUsed = [Bool](repeating: false, count: largest + 1)
        for token in tokens {
            guard !isUsed[Int(token.id)] else {
                throw try field[String(decoding: token.text, as: UTF8.self)].bad(
                    found: "id \(token.id) a second time", expected: "an id for each token")
            }
            isUsed[Int(token.id)] = true
        }
        return (tokens, largest)
    }

    // MARK: Vocabulary

    /// One more than the largest id: how many rows a model needs to hold every token.
    public var vocabularySize: Int { texts.count }

    /// The id of a token as the file writes it (byte-level tokens in GPT-2's alphabet, "Ġcat"); nil when
    /// unknown.
    public func id(of token: String) -> Int32? {
        let bytes = Array(token.utf8)
        let added = addedIDs.find(bytes)
        if added >= 0 { return added }
        let id = model.texts.find(bytes)
        return id >= 0 ? id : nil
    }

    /// The token of an id as the file writes it; nil for an id without a token.
    public func token(of id: Int32) -> String? {
        textBytes(of: id).map { String(decoding: $0, as: UTF8.self) }
    }

    func textBytes(of id: Int32) -> [UInt8]? { id >= 0 && Int(id) < texts.count ? texts[Int(id)] : nil }

    /// Whether `skipSpecialTokens` skips this id.
    public func isSpecial(_ id: Int32) -> Bool { id >= 0 && Int(id) < special.count && special[Int(id)] }

    /// The id of an added token (one that is found whole in any text), nil when the text is not one.
    public func addedID(of token: String) -> Int32? {
        let id = addedIDs.find(Array(token.utf8))
        return id >= 0 ? id : nil
    }

    /// The first of `<|endoftext|>`, `</s>` and `<|end_of_text|>` that is an added token.
    public var endOfTextID: Int32? {
        ["<|endoftext|>", "</s>", "<|end_of_text|>"].lazy.compactMap { self.addedID(of: $0) }.first
    }

    /// The ids the post-processor puts before a text (`<s>` of Llama).
    public var specialPrefix: [Int32] { postProcessor.prefix }

    /// The ids the post-processor puts behind a text.
    package var specialSuffix: [Int32] { postProcessor.suffix }

    // MARK: Encoding

    /// The ids of a text.
    ///
    /// - Parameter addSpecialTokens: whether the post-processor's tokens are put around them
    public func encode(_ text: String, addSpecialTokens: Bool) -> [Int32] {
        (addSpecialTokens ? postProcessor.prefix : []) + encode(text, atStart: true)
            + (addSpecialTokens ? postProcessor.suffix : [])
    }

    /// The ids of UTF-8 bytes; what is not valid UTF-8 is read as U+FFFD.
    public func encode(utf8 bytes: [UInt8], addSpecialTokens: Bool) -> [Int32] {
        encode(String(decoding: bytes, as: UTF8.self), addSpecialTokens: addSpecialTokens)
    }

    /// - Parameter atStart: whether the text opens what it belongs to (Metaspace's `first` asks)
    func encode(_ text: String, atStart: Bool) -> [Int32] {
        var text = text
        return text.withUTF8 { encodeValid($0, atStart) }
    }

    private func encodeValid(_ text: UnsafeBufferPointer<UInt8>, _ atStart: Bool) -> [Int32] {
        var ids: [Int32] = []
        ids.reserveCapacity(text.count / 3 + 8)
        var scratch = MergeScratch()
        var atStart = atStart
        rawMatcher.forEachPart(of: text) { part, id in
            defer { atStart = false }
            if let id { return ids.append(id) }
            if let changed = normalizer.changed(part) {
                changed.withUnsafeBufferPointer { encodeNormalized($0, atStart, &scratch, &ids) }
            } else {
                encodeNormalized(part, atStart, &scratch, &ids)
            }
        }
        return ids
    }

    private func encodeNormalized(
        _ text: UnsafeBufferPointer<UInt8>, _ atStart: Bool, _ scratch: inout MergeScratch,
        _ ids: inout [Int32]
    ) {
        var atStart = atStart
        normalizedMatcher.forEachPart(of: text) { part, id in
            defer { atStart = false }
            if let id { return ids.append(id) }
            preTokenizer.forEachWord(of: part, atStart: atStart) { word in
                if let mark = model.wordMark {
                    model.cutAtMark(word, mark) { model.encode($0, &scratch, into: &ids) }
                } else {
                    model.encode(word, &scratch, into: &ids)
                }
            }
        }
    }

    // MARK: Decoding

    /// The text of ids. IDs without a token are passed over, as the reference does.
    public func decode(_ ids: some Sequence<Int32>, skipSpecialTokens: Bool) -> String {
        let tokens = ids.compactMap { skipSpecialTokens && isSpecial($0) ? nil : textBytes(of: $0) }
        return String(decoding: decoderSteps.reduce(tokens) { $1($0) }.joined(), as: UTF8.self)
    }
}
