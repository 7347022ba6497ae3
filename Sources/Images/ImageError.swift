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
            return
                "\(outside: image): starts with bytes \(shown), which is none of JPEG, PNG, WebP, "
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
}

private func hexadecimal(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16)
    return digits.count == 1 ? "0" + digits : digits
}
