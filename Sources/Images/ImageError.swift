import Files

/// Errors of an image, or of the description of how to prepare it.
public enum ImageError: Error, CustomStringConvertible, Equatable {
    case empty(image: String)
    case unknownFormat(image: String, firstBytes: [UInt8])
    case truncated(image: String, format: String, bytes: Int)
    case broken(image: String, format: String, bytes: Int, reason: String)
    case tooLarge(image: String, width: Int, height: Int)
    case encoding(format: String, width: Int, height: Int, reason: String)

    public var description: String {
        switch self {
        case .empty(let image):
            return "\(outside: image): the image has 0 bytes; fetch or write it again"
        case .unknownFormat(let image, let bytes):
            let shown = bytes.map { hexadecimal($0) }.joined(separator: " ")
            let known = Self.knownOther(bytes).map { " (\($0))" } ?? ""
            return
                "\(outside: image): starts with bytes \(shown)\(known), which is none of JPEG, PNG, WebP, "
                + "GIF, BMP and TIFF; convert the image"
        case .truncated(let image, let format, let bytes):
            return
                "\(outside: image): this \(format) image is cut short: it ends after \(bytes) bytes, before "
                + "its last pixel; fetch it again"
        case .broken(let image, let format, let bytes, let reason):
            return
                "\(outside: image): this \(format) image of \(bytes) bytes cannot be decoded (\(reason)); "
                + "replace it"
        case .tooLarge(let image, let width, let height):
            return
                "\(outside: image): \(width) x \(height) pixels, allowed are 1 to \(Limit.imageSide.value) a "
                + "side and \(Limit.imagePixels.value) in all (docs/limits.md); shrink it"
        case .encoding(let format, let width, let height, let reason):
            return "an image of \(width) x \(height) pixels cannot be written as \(format): \(reason)"
        }
    }

    /// The name of a format that is not read, by its first bytes.
    private static func knownOther(_ bytes: [UInt8]) -> String? {
        let text = String(decoding: bytes.map { $0 < 0x80 ? $0 : 0x3F }, as: UTF8.self)
        let starts = [
            ("<", "a web page or XML"), ("%PDF", "PDF"), ("\0\0\u{1}\0", "an icon"),
            ("\0\0\0\u{C}jP", "JPEG 2000"), ("\0\0\0\u{C}JXL", "JPEG XL"), ("8BPS", "Photoshop"),
        ]
        if let found = starts.first(where: { text.utf8.starts(with: $0.0.utf8) }) { return found.1 }
        if text.utf8.dropFirst(4).starts(with: "ftyp".utf8) { return "AVIF or HEIC" }
        let isPortable = bytes.count > 2 && bytes[0] == 0x50 && (0x31...0x37).contains(bytes[1])
        return isPortable && [0x09, 0x0A, 0x0D, 0x20].contains(bytes[2]) ? "a portable pixmap" : nil
    }
}

private func hexadecimal(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16)
    return digits.count == 1 ? "0" + digits : digits
}
