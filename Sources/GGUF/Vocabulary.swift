import Files
import Text

/// A tokenizer as GGUF has it: what it is called there, and of each id its text and kind.
package struct Vocabulary {
    /// `tokenizer.ggml.model`: gpt2 (bytes) or llama (SentencePiece).
    package let model: String
    /// The way in which llama.cpp cuts a text into words, by the name that it has there.
    package let cutting: String
    package let texts: [String]  // [rows]
    /// Kinds of tokens by ggml's numbers.
    package let kinds: [Int32]  // [rows]
    /// Byte-level: pairs in the order in which they are merged.
    package private(set) var merges: [String]?
    /// SentencePiece: the higher the score, the earlier a pair becomes this token.
    package private(set) var scores: [Float]?
    package private(set) var addsSpace: Bool?

    private enum Kind {
        static let normal: Int32 = 1
        static let unknown: Int32 = 2
        static let control: Int32 = 3
        static let added: Int32 = 4
        static let unused: Int32 = 5
        static let byte: Int32 = 6
    }

    /// - Parameters:
    ///   - rows: of the embedding table; those beyond the tokenizer's ids become unused tokens
    ///   - file: the tokenizer.json, for errors
    /// - Throws: `GGUFError.notInLlamaCpp` for a rule that would be lost
    package init(_ tokenizer: Tokenizer, rows: Int, file: String) throws {
        func refuse(_ field: String, _ found: String, _ known: String) -> GGUFError {
            .notInLlamaCpp(file: file, field: field, found: found, known: known)
        }
        let isByteLevel = tokenizer.model.isByteLevel
        var taken = Set((0..<rows).compactMap { tokenizer.token(of: Int32($0)) }.map(ExactKey.init))
        /// Of an id without a token; llama.cpp wants every text once.
        func filler(_ id: Int) -> String {
            var text = "[PAD\(id)]"
            while !taken.insert(ExactKey(text)).inserted { text += "_" }
            return text
        }
        var texts = (0..<rows).map { tokenizer.token(of: Int32($0)) ?? filler($0) }
        var kinds = (0..<rows).map { tokenizer.token(of: Int32($0)) == nil ? Kind.unused : Kind.normal }
        if !isByteLevel {
            guard let bytes = tokenizer.model.byteTokens else {
                throw refuse("model.byte_fallback", "false", "true for a vocabulary of this form")
            }
            for id in bytes { kinds[Int(id)] = Kind.byte }
            if let unknown = tokenizer.model.unknown { kinds[Int(unknown)] = Kind.unknown }
        }
        for token in tokenizer.addedTokens {
            guard !token.stripsLeft, !token.stripsRight, !token.isSingleWord else {
                throw refuse(
                    "added_tokens", "\"\(texts[Int(token.id)])\" with lstrip, rstrip or single_word",
                    "none of the three")
            }
            guard kinds[Int(token.id)] != Kind.unknown else { continue }
            kinds[Int(token.id)] = token.isSpecial ? Kind.control : Kind.added
            if !isByteLevel, !token.isSpecial {
                // It looks for them before spaces are marked.
                texts[Int(token.id)] = texts[Int(token.id)].replacing("▁", with: " ")
            }
        }
        var seen: Set<ExactKey> = []
        for text in texts where !seen.insert(ExactKey(text)).inserted {
            throw refuse("added_tokens", "\"\(text)\" once more, with \"▁\" for a space", "each text once")
        }
        (self.texts, self.kinds) = (texts, kinds)
        if isByteLevel {
            model = "gpt2"
            cutting = try Self.cutting(tokenizer, file: file)
            merges = tokenizer.model.mergePairs.map { pair in
                "\(tokenizer.token(of: pair[0]) ?? "") \(tokenizer.token(of: pair[1]) ?? "")"
            }
        } else {
            (model, cutting) = ("llama", "default")
            let addsSpace = try Self.addsSpace(tokenizer, file: file)
            self.addsSpace = addsSpace
            scores =
                try MergeScores(
                    tokenizer, normal: kinds.map { $0 == Kind.normal }, addsSpace: addsSpace, file: file
                ).scores
        }
    }

    /// What llama.cpp calls the rules by which a byte-level tokenizer cuts words.
    private static func cutting(_ tokenizer: Tokenizer, file: String) throws -> String {
        func refuse(_ field: String, _ found: String, _ known: String) -> GGUFError {
            .notInLlamaCpp(file: file, field: field, found: found, known: known)
        }
        guard tokenizer.normalizer.steps.allSatisfy({ $0 == .nfc }) else {
            throw refuse("normalizer", "more than NFC", "none for byte-level tokenizers")
        }
        let whole = tokenizer.model.ignoresMerges
        let steps = tokenizer.preTokenizer.steps
        let name: String? =
            switch (steps.first, steps.dropFirst().first, steps.count) {
            case (.pattern(.gpt2), _, 1): whole ? nil : "gpt-2"
            case (.pattern(.qwen2), _, 1): whole ? nil : "qwen2"
            // The same words; only the first takes one that is a token as it is.
            case (.pattern(.llama3), _, 1): whole ? "llama-bpe" : "smaug-bpe"
            case (.digits(individual: true), .pattern(.gpt2), 2): whole ? nil : "smollm"
            default: nil
            }
        guard let name else {
            throw refuse(
                "pre_tokenizer", whole ? "this with model.ignore_merges" : "of another form",
                "the rules of GPT-2, Qwen2, Qwen3, Llama 3 and SmolLM2")
        }
        return name
    }

    /// Whether a SentencePiece tokenizer puts a space before a text, as llama.cpp does after each special
    /// token too.
    private static func addsSpace(_ tokenizer: Tokenizer, file: String) throws -> Bool {
        let (space, mark) = (Array(" ".utf8), Array("▁".utf8))
        if tokenizer.preTokenizer.steps.isEmpty {
            switch tokenizer.normalizer.steps {
            case [.prepend(mark), .replace(space, with: mark)]: return true
            case [.replace(space, with: mark)]: return false
            default: break
            }
        }
        throw GGUFError.notInLlamaCpp(
            file: file, field: tokenizer.preTokenizer.steps.isEmpty ? "normalizer" : "pre_tokenizer",
            found: "of another form",
            known: "Llama 2's: the normalizers Prepend \"▁\" and Replace \" \" by \"▁\", no pre-tokenizer")
    }

    func describe(_ writer: inout GGUFWriter) {
        writer.set("tokenizer.ggml.model", .text(model))
        writer.set("tokenizer.ggml.pre", .text(cutting))
        writer.set("tokenizer.ggml.tokens", .texts(texts))
        writer.set("tokenizer.ggml.token_type", .integers(kinds))
        writer.set("tokenizer.ggml.merges", merges.map { .texts($0) })
        writer.set("tokenizer.ggml.scores", scores.map { .numbers($0) })
        writer.set("tokenizer.ggml.add_space_prefix", addsSpace.map { .flag($0) })
    }
}
