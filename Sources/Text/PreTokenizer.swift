import Files

/// The pre-tokenizers of a tokenizer.json: cut a normalised text into the words that merges stay inside of.
package struct PreTokenizer: Sendable {
    package enum PrependScheme: String { case always, first, never }

    package enum Step {
        case pattern(SplitPattern)
        case digits(individual: Bool)
        case leadingSpace
        case metaspace(replacement: [UInt8], scheme: PrependScheme, split: Bool)

        /// A word is a text of its own to the step after.
        var growth: TextGrowth {
            switch self {
            case .pattern, .digits: TextGrowth()
            case .leadingSpace: TextGrowth(added: 1)
            case .metaspace(let mark, _, _):
                TextGrowth(factor: Double(max(1, mark.count)), added: Double(mark.count))
            }
        }
    }

    package let steps: [Step]
    /// Growth by all steps.
    var growth: TextGrowth {
        steps.reduce(TextGrowth()) { all, step in
            // What is added to every word can be added to every byte.
            all.followed(by: TextGrowth(factor: step.growth.factor + step.growth.added))
        }
    }
    /// Whether words are read as bytes (a ByteLevel step) and not as characters.
    let isByteLevel: Bool

    private static let supported = "ByteLevel, Split (Regex, Isolated), Metaspace, Digits, Sequence"

    init(_ field: JSONField?) throws {
        var steps: [Step] = []
        var isByteLevel = false
        if let field { try PreTokenizer.read(field, &steps, &isByteLevel) }
        self.steps = steps
        self.isByteLevel = isByteLevel
    }

    private static func read(_ field: JSONField, _ steps: inout [Step], _ isByteLevel: inout Bool) throws {
        let type = try field["type"]
        let name = try type.string()
        if name == "Sequence" {
            for element in try field["pretokenizers"].elements() {
                try read(element, &steps, &isByteLevel)
            }
            return
        }
        if isByteLevel {
            throw type.unsupported("no step after ByteLevel, which turns the text into byte symbols")
        }
        switch name {
        case "ByteLevel":
            if try field.flag("add_prefix_space", default: true) { steps.append(.leadingSpace) }
            if try field.flag("use_regex", default: true) { steps.append(.pattern(.gpt2)) }
            isByteLevel = true
        case "Split": steps.append(.pattern(try pattern(field)))
        case "Digits": steps.append(.digits(individual: try field.flag("individual_digits")))
        case "Metaspace":
            let replacement = try field.optional("replacement")?.bytes() ?? Array("▁".utf8)
            guard !replacement.isEmpty else { throw field.bad(expected: "a replacement character") }
            var scheme = try field.flag("add_prefix_space", default: true) ? PrependScheme.always : .never
            if let written = try field.optional("prepend_scheme") {
                guard let known = PrependScheme(rawValue: try written.string()) else {
                    throw written.unsupported("always, first, never")
                }
                scheme = known
            }
            steps.append(
                .metaspace(
                    replacement: replacement, scheme: scheme, split: try field.flag("split", default: true)))
        default: throw type.unsupported(supported)
        }
    }

    private static func pattern(_ field: JSONField) throws -> SplitPattern {
        let pattern = try field["pattern"]
        guard let regex = try pattern.optional("Regex") else {
            throw pattern.unsupported("a Regex of a known tokenizer")
        }
        guard let known = SplitPattern(expression: try regex.string()) else {
            throw regex.unsupported(
                "the split expressions of GPT-2, Qwen2/Qwen3 and Llama 3, character for character")
        }
        let behavior = try field["behavior"]
        guard try behavior.string() == "Isolated" else { throw behavior.unsupported("Isolated") }
        if let invert = try field.optional("invert"), try invert.bool() { throw invert.unsupported("false") }
        return known
    }

    /// Calls `emit` with every word of `text`.
    ///
    /// - Parameter atStart: whether the text opens the whole input (Metaspace's `first` asks)
    func forEachWord(
        of text: UnsafeBufferPointer<UInt8>, atStart: Bool, _ emit: (UnsafeBufferPointer<UInt8>) -> Void
    ) {
        if steps.count == 1, case .pattern(let pattern) = steps[0] {
            pattern.forEachPiece(of: text, emit)
        } else {
            run(steps[...], text, atStart, emit)
        }
    }

    private func run(
        _ steps: ArraySlice<Step>, _ text: UnsafeBufferPointer<UInt8>, _ atStart: Bool,
        _ emit: (UnsafeBufferPointer<UInt8>) -> Void
    ) {
        if text.isEmpty { return }
        guard let step = steps.first else { return emit(text) }
        let rest = steps.dropFirst()
        var atStart = atStart
        func next(_ piece: UnsafeBufferPointer<UInt8>) {
            run(rest, piece, atStart, emit)
            atStart = false
        }
        switch step {
        case .pattern(let pattern): pattern.forEachPiece(of: text, next)
        case .digits(let individual): PreTokenizer.cutDigits(text, individual, next)
        case .leadingSpace:
            if text[0] == 0x20 { return next(text) }
            ([0x20] + text).withUnsafeBufferPointer(next)
        case .metaspace(let mark, let scheme, let split):
            var marked = Normalizer.replacing([0x20], with: mark, in: Array(text))
            let prepends = scheme == .always || (scheme == .first && atStart)
            if prepends, !marked.starts(with: mark) { marked = mark + marked }
            marked.withUnsafeBufferPointer { marked in
                if !split { return next(marked) }
                PreTokenizer.cut(marked, before: mark, next)
            }
        }
    }

    /// Cuts so that every piece but the first starts with `mark`.
    static func cut(
        _ text: UnsafeBufferPointer<UInt8>, before mark: [UInt8], _ emit: (UnsafeBufferPointer<UInt8>) -> Void
    ) {
        var start = 0
        var index = 0
        while index < text.count {
            if text[index] == mark[0], text[index...].starts(with: mark) {
                if index > start { emit(UnsafeBufferPointer(rebasing: text[start..<index])) }
                start = index
                index += mark.count
            } else {
                index += 1
            }
        }
        if start < text.count { emit(UnsafeBufferPointer(rebasing: text[start...])) }
    }

    private static func cutDigits(
        _ text: UnsafeBufferPointer<UInt8>, _ individual: Bool, _ emit: (UnsafeBufferPointer<UInt8>) -> Void
    ) {
        var start = 0
        var index = 0
        var inDigits = false
        while index < text.count {
            let (value, length) = decodeScalar(text, at: index)
            let isDigit = ScalarClass.classify(value) == ScalarClass.number
            if index > start, isDigit != inDigits || (isDigit && individual) {
                emit(UnsafeBufferPointer(rebasing: text[start..<index]))
                start = index
            }
            inDigits = isDigit
            index += length
        }
        if start < text.count { emit(UnsafeBufferPointer(rebasing: text[start...])) }
    }
}
