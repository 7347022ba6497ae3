/// Strict base64 (RFC 4648): the alphabet, then padding to a multiple of four; nothing else.
package enum Base64 {
    private static let values: [UInt8] = {
        var table = [UInt8](repeating: 255, count: 256)
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        for (value, byte) in alphabet.utf8.enumerated() { table[Int(byte)] = UInt8(value) }
        return table
    }()

    package struct Failure: Error {
        package let reason: String
    }

    package static func decode(_ text: some BidirectionalCollection<UInt8>) throws(Failure) -> [UInt8] {
        let text = Array(text)
        let padding = text.reversed().prefix(2).prefix { $0 == UInt8(ascii: "=") }.count
        guard text.count % 4 == 0, !text.isEmpty else {
            throw Failure(reason: "\(text.count) characters of base64 are no multiple of four")
        }
        let digits = text.count - padding
        var result: [UInt8] = []
        result.reserveCapacity(text.count / 4 * 3)
        var pending: UInt32 = 0
        for index in 0..<digits {
            let value = values[Int(text[index])]
            guard value != 255 else {
                throw Failure(
                    reason:
                        "character \(index + 1) of \(text.count) is byte \(text[index]), which base64 does "
                        + "not use"
                )
            }
            pending = pending << 6 | UInt32(value)
            if index % 4 == 3 {
                result.append(UInt8(truncatingIfNeeded: pending >> 16))
                result.append(UInt8(truncatingIfNeeded: pending >> 8))
                result.append(UInt8(truncatingIfNeeded: pending))
                pending = 0
            }
        }
        if padding == 1 {
            result.append(UInt8(truncatingIfNeeded: pending >> 10))
            result.append(UInt8(truncatingIfNeeded: pending >> 2))
        } else if padding == 2 {
            result.append(UInt8(truncatingIfNeeded: pending >> 4))
        }
        return result
    }

    /// Whether these are the first bytes of an image file: JPEG, PNG, WebP, GIF, BMP or TIFF.
    static func isImage(_ bytes: [UInt8]) -> Bool {
        let signatures: [[UInt8]] = [
            [0xFF, 0xD8, 0xFF], [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], Array("GIF8".utf8),
            Array("BM".utf8), [0x49, 0x49, 0x2A, 0], [0x4D, 0x4D, 0, 0x2A],
        ]
        return signatures.contains { bytes.starts(with: $0) }
            || bytes.starts(with: Array("RIFF".utf8)) && bytes.dropFirst(8).starts(with: Array("WEBP".utf8))
    }
}
