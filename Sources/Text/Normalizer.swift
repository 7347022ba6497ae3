import Files
import Foundation

/// The normalizers of a tokenizer.json, flattened into the order they run in.
struct Normalizer: Sendable {
    enum Step: Equatable {
        case nfc, nfd, nfkc, nfkd
        case prepend([UInt8])
        case replace([UInt8], with: [UInt8])
        case lowercase
        case strip(left: Bool, right: Bool)
    }

    let steps: [Step]

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
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            if text[index] == pattern[0], text[index...].starts(with: pattern) {
                result += content
                index += pattern.count
            } else {
                result.append(text[index])
                index += 1
            }
        }
        return result
    }
}
