import Files
import Foundation

/// The normalizers of a tokenizer.json, flattened into the order they run in.
package struct Normalizer: Sendable {
    package enum Step: Equatable {
        case nfc, nfd, nfkc, nfkd
        case prepend([UInt8])
        case replace([UInt8], with: [UInt8])
        case lowercase
        case strip(left: Bool, right: Bool)

        /// In bytes of UTF-8, at most: U+0390 has three times its bytes when it is decomposed, U+FDFA eleven
        /// times when that is for compatibility, and U+0130 and others half as many more in lower case.
        var growth: TextGrowth {
            switch self {
            case .nfc, .nfd: TextGrowth(factor: 3)
            case .nfkc, .nfkd: TextGrowth(factor: 11)
            case .lowercase: TextGrowth(factor: 1.5)
            case .strip: TextGrowth()
            case .prepend(let prefix): TextGrowth(added: Double(prefix.count))
            case .replace(let pattern, let content): .replacing(pattern, with: content)
            }
        }
    }

    package let steps: [Step]

    static let identity = Normalizer(steps: [])
    static let composed = Normalizer(steps: [.nfc])

    private init(steps: [Step]) { self.steps = steps }

    init(_ field: JSONField?) throws {
        steps = try field.map(Normalizer.steps) ?? []
    }

    private static func steps(_ field: JSONField) throws -> [Step] {
        let type = try field["type"]
        switch try type.string() {
        case "NFC": return [.nfc]
        case "NFD": return [.nfd]
        case "NFKC": return [.nfkc]
        case "NFKD": return [.nfkd]
        case "Lowercase": return [.lowercase]
        case "Prepend": return [.prepend(try field["prepend"].bytes())]
        case "Replace":
            let pattern = try field["pattern"].stringPattern()
            return [.replace(pattern, with: try field["content"].bytes())]
        case "Strip":
            return [
                .strip(
                    left: try field.flag("strip_left", default: true),
                    right: try field.flag("strip_right", default: true))
            ]
        case "Sequence": return try field["normalizers"].elements().flatMap(steps)
        default:
            throw type.unsupported("NFC, NFD, NFKC, NFKD, Lowercase, Prepend, Replace, Strip, Sequence")
        }
    }

    /// Growth by all steps.
    var growth: TextGrowth { steps.reduce(TextGrowth()) { $0.followed(by: $1.growth) } }

    /// The normalised text; nil when it is the text as it stands.
    func changed(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        if steps.isEmpty || text.isEmpty { return nil }
        if steps == [.nfc], UnicodeForm.isCertainlyComposed(text) { return nil }
        return steps.reduce(Array(text)) { Normalizer.apply($1, to: $0) }
    }

    private static func apply(_ step: Step, to text: [UInt8]) -> [UInt8] {
        switch step {
        case .nfc:
            if text.withUnsafeBufferPointer(UnicodeForm.isCertainlyComposed) { return text }
            return UnicodeForm.apply(text) {
                $0.decomposedStringWithCanonicalMapping.precomposedStringWithCanonicalMapping
            }
        case .nfd: return UnicodeForm.apply(text) { $0.decomposedStringWithCanonicalMapping }
        case .nfkc:
            return UnicodeForm.apply(text) {
                $0.decomposedStringWithCompatibilityMapping.precomposedStringWithCanonicalMapping
            }
        case .nfkd:
            return UnicodeForm.apply(text) {
                $0.decomposedStringWithCompatibilityMapping.decomposedStringWithCanonicalMapping
            }
        case .prepend(let prefix): return text.isEmpty ? text : prefix + text
        case .replace(let pattern, let content): return replacing(pattern, with: content, in: text)
        case .lowercase:
            // Scalar by scalar, as the reference does: no final sigma, no locale.
            var lower: [UInt8] = []
            for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
                lower.append(contentsOf: scalar.properties.lowercaseMapping.utf8)
            }
            return lower
        case .strip(let left, let right):
            var scalars = Substring(String(decoding: text, as: UTF8.self)).unicodeScalars
            if left {
                while let first = scalars.first, first.properties.isWhitespace { scalars.removeFirst() }
            }
            if right { while let last = scalars.last, last.properties.isWhitespace { scalars.removeLast() } }
            return Array(String(scalars).utf8)
        }
    }

    static func replacing(_ pattern: [UInt8], with content: [UInt8], in text: [UInt8]) -> [UInt8] {
        text.withUnsafeBytes { text in
            var result: [UInt8] = []
            result.reserveCapacity(text.count)
            var rest = text[...]
            var from = 0  // where the pattern may still start
            while rest.endIndex - from >= pattern.count, let base = text.baseAddress,
                let first = memchr(base + from, Int32(pattern[0]), rest.endIndex - pattern.count + 1 - from)
            {
                let start = UnsafeRawPointer(first) - base
                from = start + 1
                guard memcmp(first, pattern, pattern.count) == 0 else { continue }
                result.append(contentsOf: rest[..<start])
                result += content
                from = start + pattern.count
                rest = rest[from...]
            }
            result.append(contentsOf: rest)
            return result
        }
    }
}
