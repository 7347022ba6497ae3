/// GPT-2's one-to-one map of the 256 byte values to printable characters, in which byte-level vocabularies
/// are written.
enum ByteAlphabet {
    /// Byte to scalar: printable Latin-1 stands for itself, the others follow from U+0100 in order.
    static let scalars: [Unicode.Scalar] = {
        var next: UInt32 = 0x100
        return (UInt32(0)..<256).map { byte in
            if (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || (0xAE...0xFF).contains(byte) {
                return Unicode.Scalar(UInt8(byte))
            }
            defer { next += 1 }
            return Unicode.Scalar(next) ?? "?"
        }
    }()

    /// Scalar value to byte; -1 outside the alphabet. Its largest scalar is U+0143.
    private static let bytes: [Int16] = {
        var bytes = [Int16](repeating: -1, count: 0x144)
        for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar.value)] = Int16(byte) }
        return bytes
    }()

    /// The raw bytes a token's text stands for; nil when a character is outside the alphabet.
    static func decode(_ token: [UInt8]) -> [UInt8]? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(token.count)
        var index = 0
        while index < token.count {
            var value = Int(token[index])
            if value >= 0x80 {
                // The alphabet ends at U+0143, so two bytes are the longest that can be inside it.
                guard (0xC2...0xC5).contains(value), index + 1 < token.count else { return nil }
                value = (value & 0x1F) << 6 | Int(token[index + 1] & 0x3F)
                index += 1
            }
            guard value < bytes.count, bytes[value] >= 0 else { return nil }
            decoded.append(UInt8(bytes[value]))
            index += 1
        }
        return decoded
    }

    /// The token text, UTF-8, of raw bytes.
    static func encode(_ raw: some Sequence<UInt8>) -> [UInt8] {
        raw.flatMap { Array(String(Character(scalars[Int($0)])).utf8) }
    }
}
