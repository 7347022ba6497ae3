/// Names of files that can be written down: in a receipt, a message, or a line of a digest.
public enum FileName {
    /// The name, if it is UTF-8 text without control characters; nil otherwise.
    public static func checked(_ bytes: some Sequence<UInt8>) -> String? {
        guard let name = String(validating: Array(bytes), as: UTF8.self), !hasControls(name) else {
            return nil
        }
        return name
    }

    /// Whether a line break or another control character is in the name.
    public static func hasControls(_ name: String) -> Bool {
        name.unicodeScalars.contains { $0.value < 0x20 || (0x7F..<0xA0).contains($0.value) }
    }

    /// A name of any bytes for messages, what is not UTF-8 written `\xE9`.
    public static func shown(_ bytes: [UInt8]) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return Excerpt.of(text) }
        let escaped = bytes.map { byte in
            byte < 0x80 ? String(UnicodeScalar(byte)) : "\\x" + String(byte, radix: 16)
        }
        return Excerpt.of(escaped.joined())
    }
}
