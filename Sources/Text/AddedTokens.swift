import Files

/// A token that is looked for in the text itself, before any pre-tokenizer or merge.
struct AddedToken: Sendable, Equatable {
    let id: Int32
    let content: [UInt8]
    let isSpecial: Bool
    let stripsLeft: Bool
    let stripsRight: Bool
    let isSingleWord: Bool
    /// Whether it is looked for in the normalised text instead of the text as it stands.
    let isNormalized: Bool

    /// A special token found as it stands, as our own trainer makes them.
    init(special content: [UInt8], id: Int32) {
        self.id = id
        self.content = content
        isSpecial = true
        stripsLeft = false
        stripsRight = false
        isSingleWord = false
        isNormalized = false
    }

    init(_ field: JSONField) throws {
        id = Int32(try field["id"].integer(in: 0...BPEModel.largestID))
        content = try field["content"].bytes()
        guard !content.isEmpty else {
            throw try field["content"].bad(expected: "a text that is not empty")
        }
        isSpecial = try field.flag("special")
        stripsLeft = try field.flag("lstrip")
        stripsRight = try field.flag("rstrip")
        isSingleWord = try field.flag("single_word")
        isNormalized = try field.flag("normalized", default: !isSpecial)
    }
}

/// Finds added tokens: leftmost first, of those the longest.
struct AddedTokenMatcher: Sendable {
    private struct Candidate {
        let pattern: [UInt8]
        let token: AddedToken
    }

    /// Candidates by first byte, longest first.
    private let candidates: [[Candidate]]  // [256]
    private let isEmpty: Bool

    /// - Parameter normalizer: what patterns are normalised by before they are looked for
    init(_ tokens: [AddedToken], normalizer: Normalizer) {
        var candidates = [[Candidate]](repeating: [], count: 256)
        for token in tokens {
            let pattern = token.content.withUnsafeBufferPointer { normalizer.changed($0) } ?? token.content
            guard let first = pattern.first else { continue }
            candidates[Int(first)].append(Candidate(pattern: pattern, token: token))
        }
        self.candidates = candidates.map { $0.sorted { $0.pattern.count > $1.pattern.count } }
        isEmpty = candidates.allSatisfy(\.isEmpty)
    }

    /// Cuts `text` into pieces between tokens (`id` nil) and tokens (with the bytes they took).
    func forEachPart(
        of text: UnsafeBufferPointer<UInt8>, _ emit: (UnsafeBufferPointer<UInt8>, _ id: Int32?) -> Void
    ) {
        var done = 0
        var index = isEmpty ? text.count : 0
        while index < text.count {
            let possible = candidates[Int(text[index])]
            guard !possible.isEmpty, let found = possible.first(where: { matches($0.pattern, text, index) })
            else {
                index += 1
                continue
            }
            var start = index
            var end = index + found.pattern.count
            index = end
            if found.token.isSingleWord, touchesWord(text, start, end) { continue }
            if found.token.stripsLeft { start = max(done, spaceStart(text, before: start)) }
            if found.token.stripsRight { end = spaceEnd(text, from: end) }
            start = max(start, done)
            if start > done { emit(UnsafeBufferPointer(rebasing: text[done..<start]), nil) }
            emit(UnsafeBufferPointer(rebasing: text[start..<max(start, end)]), found.token.id)
            done = max(end, done)
            index = max(index, done)
        }
        if done < text.count { emit(UnsafeBufferPointer(rebasing: text[done...]), nil) }
    }

    private func matches(_ pattern: [UInt8], _ text: UnsafeBufferPointer<UInt8>, _ index: Int) -> Bool {
        guard text.count - index >= pattern.count else { return false }
        for offset in 0..<pattern.count where text[index + offset] != pattern[offset] { return false }
        return true
    }

    private func scalar(_ text: UnsafeBufferPointer<UInt8>, _ index: Int) -> Unicode.Scalar? {
        index < text.count ? Unicode.Scalar(decodeScalar(text, at: index).value) : nil
    }

    /// Place where the scalar before `index` starts.
    private func start(_ text: UnsafeBufferPointer<UInt8>, before index: Int) -> Int {
        var start = index - 1
        while start > 0, text[start] & 0xC0 == 0x80 { start -= 1 }
        return start
    }

    private func touchesWord(_ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> Bool {
        if start > 0, let before = scalar(text, self.start(text, before: start)), ScalarClass.isWord(before) {
            return true
        }
        if let after = scalar(text, end), ScalarClass.isWord(after) { return true }
        return false
    }

    private func spaceStart(_ text: UnsafeBufferPointer<UInt8>, before index: Int) -> Int {
        var index = index
        while index > 0 {
            let start = start(text, before: index)
            guard let scalar = scalar(text, start), scalar.properties.isWhitespace else { break }
            index = start
        }
        return index
    }

    private func spaceEnd(_ text: UnsafeBufferPointer<UInt8>, from index: Int) -> Int {
        var index = index
        while let scalar = scalar(text, index), scalar.properties.isWhitespace { index += UTF8.width(scalar) }
        return index
    }
}
