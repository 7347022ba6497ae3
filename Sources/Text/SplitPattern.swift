/// The split patterns of published byte-level tokenizers, each a hand-written scanner for exactly that
/// expression.
public enum SplitPattern: Sendable, CaseIterable {
    case gpt2, qwen2, llama3

    /// The expression as tokenizer.json writes it.
    public var expression: String {
        switch self {
        case .gpt2:
            #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
        case .qwen2:
            #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| "#
                + #"?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
        case .llama3:
            #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| "#
                + #"?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
        }
    }

    init?(expression: String) {
        guard
            let pattern = SplitPattern.allCases.first(where: {
                $0.expression.utf8.elementsEqual(expression.utf8)
            })
        else { return nil }
        self = pattern
    }

    /// Calls `emit` with every piece of `text`, in order; together they are the whole text.
    @inline(__always)
    func forEachPiece(of text: UnsafeBufferPointer<UInt8>, _ emit: (UnsafeBufferPointer<UInt8>) -> Void) {
        ScalarClass.basicPlane.withUnsafeBufferPointer { classes in
            let scanner = Scanner(text: text, classes: classes)
            var start = 0
            while start < text.count {
                let end =
                    switch self {
                    case .gpt2: scanner.gpt2End(from: start)
                    case .qwen2: scanner.modernEnd(from: start, maximumDigits: 1)
                    case .llama3: scanner.modernEnd(from: start, maximumDigits: 3)
                    }
                emit(UnsafeBufferPointer(rebasing: text[start..<end]))
                start = end
            }
        }
    }

    /// The pieces as strings.
    package func pieces(of text: String) -> [String] {
        var pieces: [String] = []
        var text = text
        text.withUTF8 { forEachPiece(of: $0) { pieces.append(String(decoding: $0, as: UTF8.self)) } }
        return pieces
    }

    private struct Scanner {
        let text: UnsafeBufferPointer<UInt8>
        let classes: UnsafeBufferPointer<UInt8>  // [65536]

        /// Class and length of the scalar at `index`, which is inside the text.
        @inline(__always)
        func scalar(_ index: Int) -> (kind: UInt8, length: Int) {
            let (value, length) = decodeScalar(text, at: index)
            return (value < 0x10000 ? classes[Int(value)] : ScalarClass.classify(value), length)
        }

        /// The class of the scalar at `index`; nil at the end.
        @inline(__always)
        func kind(_ index: Int) -> UInt8? { index < text.count ? scalar(index).kind : nil }

        /// The end of the run of one class from `index`.
        @inline(__always)
        func run(of kind: UInt8, from index: Int, most: Int = .max) -> Int {
            var index = index
            var count = 0
            while index < text.count, count < most {
                let next = scalar(index)
                if next.kind != kind { break }
                index += next.length
                count += 1
            }
            return index
        }

        /// The end of `'s|'t|'re|'ve|'m|'ll|'d` at an apostrophe; nil when none follows.
        func contractionEnd(from index: Int, foldingCase: Bool) -> Int? {
            let left = text.count - index
            guard left >= 2 else { return nil }
            let fold: UInt8 = foldingCase ? 0x20 : 0
            let first = text[index + 1] | fold
            switch first {
            case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return index + 2
            default: break
            }
            // U+017F, the long s, folds to s in the expression's own engine.
            if foldingCase, left >= 3, text[index + 1] == 0xC5, text[index + 2] == 0xBF { return index + 3 }
            guard left >= 3 else { return nil }
            let second = text[index + 2] | fold
            switch (first, second) {
            case (UInt8(ascii: "r"), UInt8(ascii: "e")), (UInt8(ascii: "v"), UInt8(ascii: "e")),
                (UInt8(ascii: "l"), UInt8(ascii: "l")):
                return index + 3
            default: return nil
            }
        }

        /// `\s+(?!\S)|\s+`, and before them `\s*[\r\n]+` where the pattern has it.
        func spaceEnd(from start: Int, newlinesFirst: Bool) -> Int {
            var index = start
            var lastStart = start
            var newlineEnd = start
            while index < text.count {
                let next = scalar(index)
                guard next.kind == ScalarClass.space || next.kind == ScalarClass.newline else { break }
                lastStart = index
                index += next.length
                if next.kind == ScalarClass.newline { newlineEnd = index }
            }
            if newlinesFirst, newlineEnd > start { return newlineEnd }
            // The last space of a run goes with the word that follows, unless it is the only one.
            if index == text.count || lastStart == start { return index }
            return lastStart
        }

        func gpt2End(from start: Int) -> Int {
            if text[start] == UInt8(ascii: "'"), let end = contractionEnd(from: start, foldingCase: false) {
                return end
            }
            let first = text[start] == 0x20 ? start + 1 : start
            if let kind = kind(first), kind != ScalarClass.space, kind != ScalarClass.newline {
                return run(of: kind, from: first)
            }
            return spaceEnd(from: start, newlinesFirst: false)
        }

        func modernEnd(from start: Int, maximumDigits: Int) -> Int {
            let byte = text[start]
            let (first, length) = scalar(start)
            if first == ScalarClass.letter { return run(of: ScalarClass.letter, from: start + length) }
            if first == ScalarClass.number {
                return run(of: ScalarClass.number, from: start, most: maximumDigits)
            }
            if byte == UInt8(ascii: "'"), let end = contractionEnd(from: start, foldingCase: true) {
                return end
            }
            let second = kind(start + length)
            if first != ScalarClass.newline, second == ScalarClass.letter {
                return run(of: ScalarClass.letter, from: start + length)
            }
            if first == ScalarClass.other || (byte == 0x20 && second == ScalarClass.other) {
                var end = run(of: ScalarClass.other, from: start + length)
                while end < text.count, text[end] == 0x0A || text[end] == 0x0D { end += 1 }
                return end
            }
            return spaceEnd(from: start, newlinesFirst: true)
        }
    }
}
