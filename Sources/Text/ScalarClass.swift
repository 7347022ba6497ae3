/// The classes that split patterns tell apart: `\p{L}`, `\p{N}`, `\s`, `[\r\n]` and the rest.
enum ScalarClass {
    static let other: UInt8 = 0
    static let letter: UInt8 = 1
    static let number: UInt8 = 2
    static let space: UInt8 = 3
    static let newline: UInt8 = 4

    /// One class per scalar of the basic plane; the planes above are asked one by one.
    static let basicPlane: [UInt8] = (UInt32(0)..<0x10000).map(classify)

    static func classify(_ value: UInt32) -> UInt8 {
        guard let scalar = Unicode.Scalar(value) else { return other }
        if isLaterThanReference(scalar) { return other }
        if value == 0x0A || value == 0x0D { return newline }
        if scalar.properties.isWhitespace { return space }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
            return letter
        case .decimalNumber, .letterNumber, .otherNumber: return number
        default: return other
        }
    }

    /// The reference's expression engines know Unicode 16; what came later they take for unassigned.
    private static func isLaterThanReference(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.age.map { $0.major > 16 } ?? false
    }

    /// Rust's `\w`, by which `single_word` tokens are judged.
    static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        if isLaterThanReference(scalar) { return false }
        if scalar.properties.isAlphabetic || scalar.properties.isJoinControl { return true }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: return true
        default: return false
        }
    }
}

/// The scalar that starts at `index` of valid UTF-8, and its length in bytes.
///
/// Bytes that end too early are taken one by one, so no read leaves the buffer.
@inline(__always)
func decodeScalar(_ text: UnsafeBufferPointer<UInt8>, at index: Int) -> (value: UInt32, length: Int) {
    let first = UInt32(text[index])
    if first < 0x80 { return (first, 1) }
    let left = text.count - index
    if first < 0xE0 {
        guard left >= 2 else { return (0xFFFD, 1) }
        return ((first & 0x1F) << 6 | UInt32(text[index + 1] & 0x3F), 2)
    }
    if first < 0xF0 {
        guard left >= 3 else { return (0xFFFD, 1) }
        return (
            (first & 0x0F) << 12 | UInt32(text[index + 1] & 0x3F) << 6 | UInt32(text[index + 2] & 0x3F), 3
        )
    }
    guard left >= 4 else { return (0xFFFD, 1) }
    return (
        (first & 0x07) << 18 | UInt32(text[index + 1] & 0x3F) << 12 | UInt32(text[index + 2] & 0x3F) << 6
            | UInt32(text[index + 3] & 0x3F), 4
    )
}
