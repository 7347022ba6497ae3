import Files

/// Trains a byte-level BPE tokenizer of the Qwen2 or GPT-2 kind. The same texts give the same bytes.
///
/// IDs 0 to 255 are the bytes, then come the merged tokens in the order they were found, then the special
/// tokens.
public struct BPETrainer: Sendable {
    /// How many ids to reach, bytes and special tokens included.
    public var vocabularySize: Int
    /// How the text is cut into words before merges are learnt.
    public var pattern: SplitPattern
    /// Found whole in any text, never part of a merge.
    public var specialTokens: [String]
    /// Pairs seen less often are not merged, so a small corpus may give a smaller vocabulary than asked for.
    public var minimumCount: Int

    public init(
        vocabularySize: Int, pattern: SplitPattern = .qwen2, specialTokens: [String] = ["<|endoftext|>"],
        minimumCount: Int = 2
    ) {
        self.vocabularySize = vocabularySize
        self.pattern = pattern
        self.specialTokens = specialTokens
        self.minimumCount = minimumCount
    }

    private struct Pair: Hashable {
        let left, right: Int32

        static func < (a: Pair, b: Pair) -> Bool { (a.left, a.right) < (b.left, b.right) }
    }

    private struct Word {
        var symbols: [Int32]
        let count: Int
    }

    /// - Returns: the bytes of a tokenizer.json
    /// - Throws: `TextError.badSetting`, or `TextError.corpus` where there is no text
    public func train(on texts: some Sequence<String>) throws -> [UInt8] {
        let mergeTarget = vocabularySize - 256 - specialTokens.count
        guard mergeTarget >= 0, vocabularySize <= BPEModel.largestID else {
            throw TextError.badSetting(
                name: "vocabularySize", found: "\(vocabularySize)",
                expected:
                    "at least 256 bytes and \(specialTokens.count) special tokens, at most "
                    + "\(BPEModel.largestID)"
            )
        }
        guard !specialTokens.contains(""),
            Set(specialTokens.map { Array($0.utf8) }).count == specialTokens.count
        else {
            throw TextError.badSetting(
                name: "specialTokens", found: "\(specialTokens)", expected: "different texts, none empty")
        }
        let (tokens, merges) = merge(try words(of: texts), mergeTarget)
        return json(tokens: tokens, merges: merges)
    }

    /// Every word of the corpus with its count, in the order of its bytes.
    private func words(of texts: some Sequence<String>) throws -> [Word] {
        let matcher = AddedTokenMatcher(
            specialTokens.enumerated().map {
                AddedToken(special: Array($0.element.utf8), id: Int32($0.offset))
            },
            normalizer: .identity)
        var counts: [[UInt8]: Int] = [:]
        for text in texts {
            Array(text.utf8).withUnsafeBufferPointer { text in
                matcher.forEachPart(of: text) { part, id in
                    if id != nil { return }
                    let composed = Normalizer.composed.changed(part) ?? Array(part)
                    composed.withUnsafeBufferPointer { composed in
                        pattern.forEachPiece(of: composed) { counts[Array($0), default: 0] += 1 }
                    }
                }
            }
        }
        guard !counts.isEmpty else { throw TextError.corpus("it holds no text") }
        return counts.sorted { $0.key.lexicographicallyPrecedes($1.key) }
            .map { Word(symbols: $0.key.map(Int32.init), count: $0.value) }
    }

    /// Merges the most frequent pair again and again; of equally frequent ones the pair of the smallest ids.
    private func merge(_ words: [Word], _ target: Int) -> (tokens: [[UInt8]], merges: [Pair]) {
        var words = words
        var tokens = (0..<256).map { [UInt8($0)] }
        var idOfToken = Dictionary(
            uniqueKeysWithValues: tokens.enumerated().map { ($0.element, Int32($0.offset)) })
        var counts: [Pair: Int] = [:]
        var places: [Pair: Set<Int>] = [:]
        func add(_ word: Int, _ sign: Int) {
            let symbols = words[word].symbols
            for index in symbols.indices.dropLast() {
                let pair = Pair(left: symbols[index], right: symbols[index + 1])
                counts[pair, default: 0] += sign * words[word].count
                if sign > 0 { places[pair, default: []].insert(word) }
            }
        }
        for word in words.indices { add(word, 1) }

        var merges: [Pair] = []
        while tokens.count < 256 + target {
            let best = counts.max { a, b in a.value != b.value ? a.value < b.value : b.key < a.key }
            guard let best, best.value >= max(1, minimumCount) else { break }
            let pair = best.key
            merges.append(pair)
            let text = tokens[Int(pair.left)] + tokens[Int(pair.right)]
            // Two ways to the same text are two merges and one token.
            let id = idOfToken[text] ?? Int32(tokens.count)
            if idOfToken[text] == nil {
                idOfToken[text] = id
                tokens.append(text)
            }
            for word in places[pair] ?? [] {
                add(word, -1)
                words[word].symbols = BPETrainer.merging(pair, into: id, words[word].symbols)
                add(word, 1)
            }
            counts[pair] = nil
            places[pair] = nil
        }
        return (tokens, merges)
    }

    private static func merging(_ pair: Pair, into id: Int32, _ symbols: [Int32]) -> [Int32] {
        var merged: [Int32] = []
        var index = 0
        while index < symbols.count {
            if symbols[index] == pair.left, index + 1 < symbols.count, symbols[index + 1] == pair.right {
                merged.append(id)
                index += 2
            } else {
                merged.append(symbols[index])
                index += 1
            }
        }
        return merged
    }

    private func json(tokens: [[UInt8]], merges: [Pair]) -> [UInt8] {
        func quoted(_ bytes: some Sequence<UInt8>) -> String {
            var output: [UInt8] = []
            JSONFormat.canonical.appendQuoted(bytes, to: &output)
            return String(decoding: output, as: UTF8.self)
        }
        let names = tokens.map { ByteAlphabet.encode($0) }
        let added = specialTokens.enumerated().map { index, token in
            "    {\"id\": \(tokens.count + index), \"content\": \(quoted(token.utf8)), \"single_word\": "
                + "false, "
                + "\"lstrip\": false, \"rstrip\": false, \"normalized\": false, \"special\": true}"
        }
        let vocabulary = names.enumerated().map { "      \(quoted($0.element)): \($0.offset)" }
        let pairs = merges.map { "      \(quoted(names[Int($0.left)] + [0x20] + names[Int($0.right)]))" }
        let byteLevel =
            #"{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false}"#
        return Array(
            """
            {
              "version": "1.0",
              "truncation": null,
              "padding": null,
              "added_tokens": [
            \(added.joined(separator: ",\n"))
              ],
              "normalizer": {"type": "NFC"},
              "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
                {"type": "Split", "pattern": {"Regex": \(quoted(pattern.expression.utf8))}, \
            "behavior": "Isolated", "invert": false},
                \(byteLevel)
              ]},
              "post_processor": \(byteLevel),
              "decoder": \(byteLevel),
              "model": {
                "type": "BPE",
                "dropout": null,
                "unk_token": null,
                "continuing_subword_prefix": "",
                "end_of_word_suffix": "",
                "fuse_unk": false,
                "byte_fallback": false,
                "ignore_merges": false,
                "vocab": {
            \(vocabulary.joined(separator: ",\n"))
                },
                "merges": [
            \(pairs.joined(separator: ",\n"))
                ]
              }
            }

            """.utf8)
    }

    /// The bytes of a `tokenizer_config.json` by which `transformers` loads the trained tokenizer.
    ///
    /// - Parameter maximumLength: the model's longest sequence, in tokens
    public static func configuration(endToken: String, maximumLength: Int) -> [UInt8] {
        let token = JSONText.quote(endToken)
        return Array(
            """
            {
              "add_prefix_space": false,
              "clean_up_tokenization_spaces": false,
              "eos_token": \(token),
              "model_max_length": \(maximumLength),
              "pad_token": \(token),
              "tokenizer_class": "PreTrainedTokenizerFast"
            }

            """.utf8)
    }
}
