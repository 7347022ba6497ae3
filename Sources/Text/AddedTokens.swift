import Files

/// A token that is looked for in the text itself, before any pre-tokenizer or merge.
package struct AddedToken: Sendable, Equatable {
    package let id: Int32
    let content: [UInt8]
    package let isSpecial: Bool
    package let stripsLeft: Bool
    package let stripsRight: Bool
    package let isSingleWord: Bool
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
///
/// The patterns form a tree, so that a place in the text costs no more steps than the longest pattern has
/// bytes, however many patterns there are.
struct AddedTokenMatcher: Sendable {
    /// From a node and a byte to the node below. Node 0 is the root.
    private var edges: MergeTable
    /// The token whose pattern ends at a node, -1 where none does.
    private var tokenOfNode: [Int32] = [-1]
    private let tokens: [AddedToken]
    /// The nodes below the root, -1 where there is none.
    private var first = [Int32](repeating: -1, count: 256)
    private let isEmpty: Bool

    /// - Parameter normalizer: what patterns are normalised by before they are looked for
    init(_ tokens: [AddedToken], normalizer: Normalizer) {
        let patterns = tokens.map { token in
            token.content.withUnsafeBufferPointer { normalizer.changed($0) } ?? token.content
        }
        self.tokens = tokens
        isEmpty = patterns.allSatisfy(\.isEmpty)
        edges = MergeTable(capacity: patterns.reduce(0) { $0 + $1.count })
        for (index, pattern) in patterns.enumerated() where !pattern.isEmpty {
            var node: Int32 = 0
            for byte in pattern {
                let below = edges.find(node, Int32(byte))
                if below != MergeTable.none {
                    node = Int32(truncatingIfNeeded: below)
                    continue
                }
                let new = Int32(tokenOfNode.count)
                tokenOfNode.append(-1)
                edges.insert(node, Int32(byte), rank: 0, id: new)
                if node == 0 { first[Int(byte)] = new }
                node = new
            }
            // Of two tokens with one pattern the file's first counts.
            if tokenOfNode[Int(node)] < 0 { tokenOfNode[Int(node)] = Int32(index) }
        }
    }

    /// The longest pattern that stands at `index`: its token, and where it ends.
    private func match(_ text: UnsafeBufferPointer<UInt8>, _ index: Int) -> (token: AddedToken, end: Int)? {
        var found: (token: Int32, end: Int) = (-1, 0)
        var node = first[Int(text[index])]
        var end = index + 1
        while node >= 0 {
            if tokenOfNode[Int(node)] >= 0 { found = (tokenOfNode[Int(node)], end) }
            guard end < text.count else { break }
            let below = edges.find(node, Int32(text[end]))
            guard below != MergeTable.none else { break }
            node = Int32(truncatingIfNeeded: below)
            end += 1
        }
        return found.token < 0 ? nil : (tokens[Int(found.token)], found.end)
    }

    /// Cuts `text` into pieces between tokens (`id` nil) and tokens (with the bytes they took).
    func forEachPart(
        of text: UnsafeBufferPointer<UInt8>, _ emit: (UnsafeBufferPointer<UInt8>, _ id: Int32?) -> Void
    ) {
        var done = 0
        var index = isEmpty ? text.count : 0
        while index < text.count {
            guard let found = match(text, index) else {
                index += 1
                continue
            }
            var start = index
            var end = found.end
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
