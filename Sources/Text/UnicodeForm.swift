import Foundation

/// The Unicode normalisation forms as the reference library has them.
enum UnicodeForm {
    /// Applies a form built of Foundation's mappings.
    ///
    /// The forms decompose before they compose: given text as it comes, Foundation leaves a Hangul syllable
    /// and a final jamo apart, and its compatibility decomposition leaves marks out of order. The reference's
    /// tables are those of Unicode 9, so scalars that came later stand for themselves and nothing moves
    /// across them.
    static func apply(_ text: [UInt8], _ form: (String) -> String) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var known = String.UnicodeScalarView()
        func flush() {
            result.append(contentsOf: form(String(known)).utf8)
            known.removeAll()
        }
        for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
            if scalar.value >= 0x300, let age = scalar.properties.age, age.major > 9 {
                flush()
                result.append(contentsOf: String(scalar).utf8)
            } else {
                known.append(scalar)
            }
        }
        flush()
        return result
    }

    /// Whether no scalar can change or combine under NFC; false means "ask the real algorithm".
    static func isCertainlyComposed(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        var index = 0
        while index < text.count {
            if text[index] < 0x80 {
                index += 1
                continue
            }
            let (value, length) = decodeScalar(text, at: index)
            switch value {
            // Latin; Cyrillic without marks; quotes and dashes; Kana without voicing marks; CJK; Hangul
            // syllables (a final jamo that would join one is outside these ranges); fullwidth forms; emoji.
            case 0x80..<0x300, 0x410..<0x450, 0x2010..<0x2028, 0x3041..<0x3097, 0x30A1..<0x30FB,
                0x3400..<0x4DC0,
                0x4E00..<0xA000, 0xAC00..<0xD7A4, 0xFF01..<0xFF5F, 0x1F000..<0x1FB00:
                index += length
            default: return false
            }
        }
        return true
    }
}
