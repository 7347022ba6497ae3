import Files

/// The decoders of a tokenizer.json, as a list of steps that tokens run through.
enum DecoderStep: Sendable, Equatable {
    case byteLevel
    case replace([UInt8], with: [UInt8])
    case byteFallback
    case fuse
    case strip(content: [UInt8], start: Int, stop: Int)
    case metaspace(mark: [UInt8], dropsFirst: Bool)
    /// No decoder in the file: tokens joined by spaces.
    case joinBySpaces

    static func read(_ field: JSONField?) throws -> [DecoderStep] {
        guard let field else { return [.joinBySpaces] }
        let type = try field["type"]
        switch try type.string() {
        case "ByteLevel": return [.byteLevel]
        case "ByteFallback": return [.byteFallback]
        case "Fuse": return [.fuse]
        case "Replace":
            let pattern = try field["pattern"].stringPattern()
            return [.replace(pattern, with: try field["content"].bytes())]
        case "Strip":
            let content = try field["content"].bytes()
            guard !content.isEmpty else { throw field.bad(expected: "one character of content") }
            return [
                .strip(
                    content: content, start: try field["start"].integer(in: 0...1 << 20),
                    stop: try field["stop"].integer(in: 0...1 << 20))
            ]
        case "Metaspace":
            let mark = try field.optional("replacement")?.bytes() ?? Array("▁".utf8)
            guard !mark.isEmpty else { throw field.bad(expected: "a replacement character") }
            var drops = try field.flag("add_prefix_space", default: true)
            if let scheme = try field.optional("prepend_scheme") { drops = try scheme.string() != "never" }
            return [.metaspace(mark: mark, dropsFirst: drops)]
        case "Sequence": return try field["decoders"].elements().flatMap { try read($0) }
        default: throw type.unsupported("ByteLevel, ByteFallback, Fuse, Replace, Strip, Metaspace, Sequence")
        }
    }
}

extension DecoderStep {
    /// Growth of a token.
    var growth: TextGrowth {
        switch self {
        case .replace(let pattern, let content): .replacing(pattern, with: content)
        // A byte that is not UTF-8 becomes U+FFFD.
        case .byteLevel, .byteFallback: TextGrowth(factor: 3)
        case .joinBySpaces: TextGrowth(factor: 2)
        case .fuse, .strip, .metaspace: TextGrowth()
        }
    }

    /// The tokens after this step, which may be fewer, more or one.
    func callAsFunction(_ tokens: [[UInt8]]) -> [[UInt8]] {
        switch self {
        case .fuse: [Array(tokens.joined())]
        case .joinBySpaces: [Array(tokens.joined(separator: [0x20]))]
        case .byteLevel:
            // A token with any character outside the alphabet stands for its own text.
            [DecoderStep.repaired(tokens.flatMap { ByteAlphabet.decode($0) ?? $0 })]
        case .byteFallback: DecoderStep.joiningBytes(tokens)
        case .replace(let pattern, let content):
            tokens.map { Normalizer.replacing(pattern, with: content, in: $0) }
        case .metaspace(let mark, let dropsFirst):
            tokens.enumerated().map { index, token in
                Normalizer.replacing(mark, with: index == 0 && dropsFirst ? [] : [0x20], in: token)
            }
        case .strip(let content, let start, let stop):
            tokens.map { DecoderStep.stripped($0, of: content, start: start, stop: stop) }
        }
    }

    /// The bytes with U+FFFD for what is not valid UTF-8.
    private static func repaired(_ bytes: [UInt8]) -> [UInt8] {
        Array(String(decoding: bytes, as: UTF8.self).utf8)
    }

    private static func stripped(_ token: [UInt8], of content: [UInt8], start: Int, stop: Int) -> [UInt8] {
        var rest = token[...]
        for _ in 0..<start {
            guard rest.starts(with: content) else { break }
            rest = rest.dropFirst(content.count)
        }
        for _ in 0..<stop {
            guard rest.suffix(content.count).elementsEqual(content) else { break }
            rest = rest.dropLast(content.count)
        }
        return Array(rest)
    }

    /// A run of byte tokens is text as a whole or not at all: then each byte is U+FFFD, as in the reference.
    private static func joiningBytes(_ tokens: [[UInt8]]) -> [[UInt8]] {
        var result: [[UInt8]] = []
        var run: [UInt8] = []
        func flush() {
            if String(validating: run, as: UTF8.self) != nil {
                result.append(run)
            } else {
                result += repeatElement(Array("\u{FFFD}".utf8), count: run.count)
            }
            run = []
        }
        for token in tokens {
            if let byte = fallbackByte(token) {
                run.append(byte)
            } else {
                if !run.isEmpty { flush() }
                result.append(token)
            }
        }
        if !run.isEmpty { flush() }
        return result
    }

    /// The byte of `<0xNN>`.
    private static func fallbackByte(_ token: [UInt8]) -> UInt8? {
        guard token.count == 6, token.starts(with: "<0x".utf8), token[5] == UInt8(ascii: ">"),
            token[3] != UInt8(ascii: "+")
        else { return nil }
        return UInt8(String(decoding: token[3..<5], as: UTF8.self), radix: 16)
    }
}
