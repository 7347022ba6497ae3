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

    static func read(_ field: Field?) throws -> [DecoderStep] {
        guard let field else { return [.joinBySpaces] }
        let type = try field.required("type")
        switch try type.string() {
        case "ByteLevel": return [.byteLevel]
        case "ByteFallback": return [.byteFallback]
        case "Fuse": return [.fuse]
        case "Replace":
            let pattern = try field.required("pattern").stringPattern()
            return [.replace(pattern, with: try field.required("content").bytes())]
        case "Strip":
            let content = try field.required("content").bytes()
            guard !content.isEmpty else { throw field.error(expected: "one character of content") }
            return [
                .strip(
                    content: content, start: try field.required("start").integer(in: 0...1 << 20),
                    stop: try field.required("stop").integer(in: 0...1 << 20))
            ]
        case "Metaspace":
            let mark = try field.optional("replacement")?.bytes() ?? Array("▁".utf8)
            guard !mark.isEmpty else { throw field.error(expected: "a replacement character") }
            var drops = try field.bool("add_prefix_space", default: true)
            if let scheme = try field.optional("prepend_scheme") { drops = try scheme.string() != "never" }
            return [.metaspace(mark: mark, dropsFirst: drops)]
        case "Sequence": return try field.required("decoders").elements().flatMap { try read($0) }
        default: throw type.unsupported("ByteLevel, ByteFallback, Fuse, Replace, Strip, Metaspace, Sequence")
        }
    }
}

/// Tokens in, bytes of valid UTF-8 out, as soon as no later token can change them.
struct DecodingChain: Sendable {
    private let steps: [DecoderStep]
    /// What each step holds back, and how many pieces or stripped characters it has seen.
    private var held: [[UInt8]]
    private var seen: [Int]
    /// Whether the pieces a step sees are parts of one fused token.
    private let isFused: [Bool]
    private(set) var output: [UInt8] = []

    init(_ steps: [DecoderStep]) {
        self.steps = steps
        held = Array(repeating: [], count: steps.count)
        seen = Array(repeating: 0, count: steps.count)
        var fused = false
        isFused = steps.map { step in
            defer { if step == .fuse || step == .byteLevel || step == .joinBySpaces { fused = true } }
            return fused
        }
    }

    mutating func push(_ token: [UInt8]) { push(token, to: 0) }

    /// Everything still held back, after the last token.
    mutating func finish() {
        for index in steps.indices {
            let rest = held[index]
            held[index] = []
            if rest.isEmpty { continue }
            switch steps[index] {
            case .byteLevel: push(Array(String(decoding: rest, as: UTF8.self).utf8), to: index + 1)
            case .byteFallback: flushBytes(rest, from: index)
            default: push(whole(rest, steps[index], position: 0), to: index + 1)
            }
        }
    }

    /// The certain output so far, once.
    mutating func takeOutput() -> String {
        defer { output.removeAll(keepingCapacity: true) }
        return String(decoding: output, as: UTF8.self)
    }

    private mutating func push(_ token: [UInt8], to index: Int) {
        guard index < steps.count else {
            output += token
            return
        }
        let step = steps[index]
        switch step {
        case .fuse: push(token, to: index + 1)
        case .joinBySpaces:
            push(seen[index] > 0 ? [0x20] + token : token, to: index + 1)
            seen[index] += 1
        case .byteLevel:
            // A token with any character outside the alphabet stands for its own text.
            held[index] += ByteAlphabet.decode(token) ?? token
            let certain = certainPrefix(held[index])
            let text = String(decoding: held[index][..<certain], as: UTF8.self)
            held[index].removeFirst(certain)
            if !text.isEmpty { push(Array(text.utf8), to: index + 1) }
        case .byteFallback:
            if let byte = DecodingChain.fallbackByte(token) {
                held[index].append(byte)
            } else {
                let run = held[index]
                held[index] = []
                if !run.isEmpty { flushBytes(run, from: index) }
                push(token, to: index + 1)
            }
        case .strip(let content, let start, 0) where isFused[index]:
            var rest = token[...]
            while seen[index] < start, rest.starts(with: content) {
                rest = rest.dropFirst(content.count)
                seen[index] += 1
            }
            if !rest.isEmpty { seen[index] = start }
            push(Array(rest), to: index + 1)
        case .replace, .strip, .metaspace:
            // Parts of a fused token may hold half a pattern: wait for the whole.
            if isFused[index] {
                held[index] += token
            } else {
                push(whole(token, step, position: seen[index]), to: index + 1)
                seen[index] += 1
            }
        }
    }

    /// A step over one complete token.
    private func whole(_ token: [UInt8], _ step: DecoderStep, position: Int) -> [UInt8] {
        switch step {
        case .replace(let pattern, let content):
            return Normalizer.replacing(pattern, with: content, in: token)
        case .metaspace(let mark, let dropsFirst):
            return Normalizer.replacing(mark, with: position == 0 && dropsFirst ? [] : [0x20], in: token)
        case .strip(let content, let start, let stop):
            var rest = token[...]
            var cut = 0
            while cut < start, rest.starts(with: content) {
                rest = rest.dropFirst(content.count)
                cut += 1
            }
            cut = 0
            while cut < stop, rest.suffix(content.count).elementsEqual(content) {
                rest = rest.dropLast(content.count)
                cut += 1
            }
            return Array(rest)
        default: return token
        }
    }

    /// A run of byte tokens is text as a whole or not at all: then each byte is U+FFFD, as in the reference.
    private mutating func flushBytes(_ run: [UInt8], from index: Int) {
        if String(validating: run, as: UTF8.self) != nil {
            push(run, to: index + 1)
        } else {
            for _ in run { push(Array("\u{FFFD}".utf8), to: index + 1) }
        }
    }

    /// The byte of `<0xNN>`.
    private static func fallbackByte(_ token: [UInt8]) -> UInt8? {
        guard token.count == 6, token.starts(with: "<0x".utf8), token[5] == UInt8(ascii: ">") else {
            return nil
        }
        guard token[3] != UInt8(ascii: "+") else { return nil }
        return UInt8(String(decoding: token[3..<5], as: UTF8.self), radix: 16)
    }
}

/// How many leading bytes decode the same whatever follows: all but an unfinished, so far well-formed
/// sequence at the end.
func certainPrefix(_ bytes: [UInt8]) -> Int {
    for back in 1...3 where back <= bytes.count {
        let start = bytes.count - back
        let lead = bytes[start]
        if lead & 0xC0 == 0x80 { continue }
        let length: Int
        switch lead {
        case 0xC2...0xDF: length = 2
        case 0xE0...0xEF: length = 3
        case 0xF0...0xF4: length = 4
        default: return bytes.count
        }
        if back >= length { return bytes.count }
        if back >= 2 {
            let second = bytes[start + 1]
            let isPossible =
                switch lead {
                case 0xE0: second >= 0xA0
                case 0xED: second < 0xA0
                case 0xF0: second >= 0x90
                case 0xF4: second < 0x90
                default: true
                }
            if !isPossible { return bytes.count }
        }
        return start
    }
    return bytes.count
}
