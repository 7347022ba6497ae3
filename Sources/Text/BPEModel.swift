import Files

/// Byte-pair encoding of one word, over bytes (GPT-2, Qwen, Llama 3) or over characters (SentencePiece, Llama
/// 2).
package struct BPEModel: Sendable {
    /// IDs from a file above this are refused: tables are indexed by id.
    static var largestID: Int { Limit.vocabulary.value - 1 }

    package let isByteLevel: Bool
    /// Every token by its text, as the file writes it.
    let texts: ByteStringTable
    /// Every token by the bytes it stands for in a word (byte-level) or by its text.
    let vocabulary: ByteStringTable
    let merges: MergeTable
    /// The pairs of `merges` in the order of the file.
    package let mergePairs: [SIMD2<Int32>]
    /// Byte-level: the id of each single byte, -1 where there is none.
    private let byteIDs: [Int32]  // [256]
    /// Byte fallback: the id of `<0xNN>`; empty when the fallback is off or a byte is missing.
    private let fallbackIDs: [Int32]  // [256] or []
    private let unknownID: Int32
    private let fusesUnknown: Bool
    package let ignoresMerges: Bool
    /// Tokens that merging their own text gives back, by id: such a word needs one lookup and no merging.
    private var isAtomic: [Bool]  // [largest id + 1]
    /// Character models: "▁", when no merge crosses from another character into it, so words can be cut
    /// there.
    let wordMark: [UInt8]?

    /// Ids of `<0x00>` to `<0xFF>`; nil without byte fallback.
    package var byteTokens: [Int32]? { fallbackIDs.isEmpty ? nil : fallbackIDs }
    /// What stands for a text that no token is of.
    package var unknown: Int32? { unknownID < 0 ? nil : unknownID }
    /// The token that a pair of `mergePairs` becomes.
    package func merged(_ pair: SIMD2<Int32>) -> Int32 {
        Int32(truncatingIfNeeded: merges.find(pair[0], pair[1]) & 0xFFFF_FFFF)
    }

    /// - Parameters:
    ///   - tokens: text and id of every entry of `model.vocab`
    ///   - largest: the largest id among them
    init(_ field: JSONField, tokens: [(text: [UInt8], id: Int32)], largest: Int, isByteLevel: Bool) throws {
        self.isByteLevel = isByteLevel
        var texts = ByteStringTable(capacity: tokens.count)
        var words = ByteStringTable(capacity: isByteLevel ? tokens.count : 0)
        var wordOfID = [[UInt8]](repeating: [], count: largest + 1)
        for token in tokens {
            guard texts.insert(token.text, token.id) else {
                throw try field["vocab"].bad(
                    found: "twice \(JSONValue.shown(text: token.text))", expected: "every token once")
            }
            // A byte-level token outside the alphabet cannot come out of bytes; it is known by name only.
            guard let word = isByteLevel ? ByteAlphabet.decode(token.text) : token.text else { continue }
            if isByteLevel { _ = words.insert(word, token.id) }
            wordOfID[Int(token.id)] = word
        }
        self.texts = texts
        vocabulary = isByteLevel ? words : texts

        for name in ["continuing_subword_prefix", "end_of_word_suffix"] {
            if let affix = try field.optional(name), try !affix.bytes().isEmpty {
                throw affix.unsupported("null or \"\"")
            }
        }
        if let dropout = try field.optional("dropout") {
            guard dropout.value == 0 else { throw dropout.unsupported("null: dropout makes ids random") }
        }
        ignoresMerges = try field.flag("ignore_merges")
        fusesUnknown = try field.flag("fuse_unk")
        if let unknown = try field.optional("unk_token") {
            unknownID = texts.find(try unknown.bytes())
            if unknownID < 0 { throw unknown.bad(expected: "a token of model.vocab") }
        } else {
            unknownID = -1
        }
        let single = (0..<256).map {
            texts.find(isByteLevel ? ByteAlphabet.encode([UInt8($0)]) : [UInt8($0)])
        }
        byteIDs = isByteLevel ? single : []
        if try field.flag("byte_fallback"), !isByteLevel {
            let digits = Array("0123456789ABCDEF")
            let ids = (0..<256).map { texts.find(Array("<0x\(digits[$0 >> 4])\(digits[$0 & 15])>".utf8)) }
            guard ids.allSatisfy({ $0 >= 0 }) else {
                throw try field["byte_fallback"].unsupported(
                    "true with all of <0x00> to <0xFF> in model.vocab")
            }
            fallbackIDs = ids
        } else {
            fallbackIDs = []
        }

        let mark = Array("▁".utf8)
        var cutsAtMark = !isByteLevel && !ignoresMerges && texts.find(mark) >= 0
        let list = try field["merges"]
        guard case .array(let written)? = list.value else { throw list.bad(expected: "an array") }
        var merges = MergeTable(capacity: written.count)
        var pairs: [SIMD2<Int32>] = []
        for (rank, value) in written.enumerated() {
            var merge: JSONField {
                JSONField(file: list.file, path: "\(list.path)[\(rank)]", value: value)
            }
            guard let (left, right) = BPEModel.pair(value) else {
                throw merge.bad(expected: "\"left right\" or [\"left\", \"right\"]")
            }
            let ids = (left: texts.find(left), right: texts.find(right), whole: texts.find(left + right))
            guard ids.left >= 0, ids.right >= 0, ids.whole >= 0 else {
                throw merge.bad(expected: "both parts and their concatenation in model.vocab")
            }
            pairs.append([ids.left, ids.right])
            merges.insert(ids.left, ids.right, rank: rank, id: ids.whole)
            if cutsAtMark, BPEModel.hasInnerMark(left + right, mark) { cutsAtMark = false }
        }
        self.merges = merges
        mergePairs = pairs
        wordMark = cutsAtMark ? mark : nil

        isAtomic = [Bool](repeating: false, count: largest + 1)
        var scratch = MergeScratch()
        var atomic = isAtomic
        for token in tokens where !wordOfID[Int(token.id)].isEmpty {
            wordOfID[Int(token.id)].withUnsafeBufferPointer { word in
                fillSymbols(&scratch, word)
                scratch.merge(merges)
                atomic[Int(token.id)] = scratch.symbols.count == 1 && scratch.symbols[0] == token.id
            }
        }
        isAtomic = atomic
    }

    private static func pair(_ value: JSONValue) -> (left: [UInt8], right: [UInt8])? {
        switch value {
        case .string(let text):
            let parts = text.utf8.split(separator: 0x20, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
            return (Array(parts[0]), Array(parts[1]))
        case .array(let parts):
            guard parts.count == 2, case .string(let left) = parts[0], case .string(let right) = parts[1],
                !left.isEmpty, !right.isEmpty
            else { return nil }
            return (Array(left.utf8), Array(right.utf8))
        default: return nil
        }
    }

    /// Whether `mark` follows anything but another mark.
    private static func hasInnerMark(_ text: [UInt8], _ mark: [UInt8]) -> Bool {
        var index = 0
        while text[index...].starts(with: mark) { index += mark.count }
        while index < text.count {
            if text[index...].starts(with: mark) { return true }
            index += 1
        }
        return false
    }

    /// Appends the ids of one word.
    @inline(__always)
    func encode(_ word: UnsafeBufferPointer<UInt8>, _ scratch: inout MergeScratch, into ids: inout [Int32]) {
        let whole = vocabulary.find(word)
        if whole >= 0, ignoresMerges || isAtomic[Int(whole)] {
            ids.append(whole)
            return
        }
        fillSymbols(&scratch, word)
        scratch.merge(merges)
        ids.append(contentsOf: scratch.symbols)
    }

    /// Cuts before every `mark` that follows another character; no merge crosses there.
    func cutAtMark(
        _ text: UnsafeBufferPointer<UInt8>, _ mark: [UInt8], _ emit: (UnsafeBufferPointer<UInt8>) -> Void
    ) {
        var start = 0
        var index = 0
        var afterMark = true
        while index < text.count {
            let isMark =
                text.count - index >= mark.count && text[index] == mark[0]
                && (1..<mark.count).allSatisfy { text[index + $0] == mark[$0] }
            if isMark, !afterMark {
                emit(UnsafeBufferPointer(rebasing: text[start..<index]))
                start = index
            }
            afterMark = isMark
            index += isMark ? mark.count : 1
        }
        if start < text.count { emit(UnsafeBufferPointer(rebasing: text[start...])) }
    }

    /// The symbols a word starts from, before any merge.
    private func fillSymbols(_ scratch: inout MergeScratch, _ word: UnsafeBufferPointer<UInt8>) {
        scratch.symbols.removeAll(keepingCapacity: true)
        var pendingUnknown = false
        var index = 0
        while index < word.count {
            let length = isByteLevel ? 1 : min(decodeScalar(word, at: index).length, word.count - index)
            let id =
                isByteLevel
                ? byteIDs[Int(word[index])]
                : vocabulary.find(UnsafeBufferPointer(rebasing: word[index..<index + length]))
            if id >= 0 {
                if pendingUnknown { scratch.symbols.append(unknownID) }
                pendingUnknown = false
                scratch.symbols.append(id)
            } else if !fallbackIDs.isEmpty {
                for byte in word[index..<index + length] { scratch.symbols.append(fallbackIDs[Int(byte)]) }
            } else if unknownID >= 0 {
                if pendingUnknown, !fusesUnknown { scratch.symbols.append(unknownID) }
                pendingUnknown = true
            }
            index += length
        }
        if pendingUnknown { scratch.symbols.append(unknownID) }
    }
}
