/// Image formats that are read. The first bytes tell them apart, not a file's name.
enum ImageFormat: String {
    case jpeg = "JPEG"
    case png = "PNG"
    case webp = "WebP"
    case gif = "GIF"
    case bmp = "BMP"
    case tiff = "TIFF"

    init?(_ bytes: [UInt8]) {
        if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
            self = .jpeg
        } else if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
            self = .png
        } else if bytes.starts(with: Array("RIFF".utf8)), bytes.count >= 12,
            bytes[8..<12].elementsEqual("WEBP".utf8)
        {
            self = .webp
        } else if bytes.starts(with: "GIF87a".utf8) || bytes.starts(with: "GIF89a".utf8) {
            self = .gif
        } else if bytes.starts(with: "BM".utf8) {
            self = .bmp
        } else if Self.tiffMarks.contains(where: { bytes.starts(with: $0) }) {
            self = .tiff
        } else {
            return nil
        }
    }

    /// Byte order and version of TIFF and of BigTIFF.
    private static let tiffMarks: [[UInt8]] = [
        [0x49, 0x49, 0x2A, 0], [0x4D, 0x4D, 0, 0x2A], [0x49, 0x49, 0x2B, 0], [0x4D, 0x4D, 0, 0x2B],
    ]

    /// Whether a PNG says which colours are clear.
    func hasTransparencyChunk(_ bytes: [UInt8]) -> Bool {
        chunk("tRNS", bytes, from: 8, trailer: 4, bigEndian: true, lengthFirst: true) != nil
    }

    /// Bytes of the file's EXIF block; nil when there is none, or when the file is damaged before it. A TIFF is
    /// one itself, and turned where it is read.
    func exifBlock(_ bytes: [UInt8]) -> ArraySlice<UInt8>? {
        switch self {
        case .jpeg: return jpegBlock(bytes)
        case .png: return chunk("eXIf", bytes, from: 8, trailer: 4, bigEndian: true, lengthFirst: true)
        case .webp:
            guard let found = chunk("EXIF", bytes, from: 12, trailer: 0, bigEndian: false, lengthFirst: false)
            else { return nil }
            return found.starts(with: exifMark) ? found.dropFirst(exifMark.count) : found
        case .gif, .bmp, .tiff: return nil
        }
    }
}

private let exifMark: [UInt8] = Array("Exif".utf8) + [0, 0]

/// The first application segment 1 with the EXIF mark, before the first scan.
private func jpegBlock(_ bytes: [UInt8]) -> ArraySlice<UInt8>? {
    var at = 2
    while at + 4 <= bytes.count, bytes[at] == 0xFF {
        let marker = bytes[at + 1]
        if marker == 0xFF {  // a fill byte
            at += 1
            continue
        }
        if marker == 0xDA || marker == 0xD9 { return nil }
        if marker == 0x01 || (0xD0...0xD7).contains(marker) {  // these have no length
            at += 2
            continue
        }
        let length = Int(bytes[at + 2]) << 8 | Int(bytes[at + 3])
        guard length >= 2, at + 2 + length <= bytes.count else { return nil }
        let segment = bytes[at + 4..<at + 2 + length]
        if marker == 0xE1, segment.starts(with: exifMark) { return segment.dropFirst(exifMark.count) }
        at += 2 + length
    }
    return nil
}

/// A chunk of a PNG (length, name, data, checksum) or of a RIFF file (name, length, data padded to even).
private func chunk(
    _ name: String, _ bytes: [UInt8], from start: Int, trailer: Int, bigEndian: Bool, lengthFirst: Bool
) -> ArraySlice<UInt8>? {
    var at = start
    while at + 8 <= bytes.count {
        let (lengthAt, nameAt) = lengthFirst ? (at, at + 4) : (at + 4, at)
        let digits = bytes[lengthAt..<lengthAt + 4]
        let length = (bigEndian ? Array(digits) : Array(digits.reversed())).reduce(0) { $0 << 8 | Int($1) }
        guard length <= bytes.count - at - 8 else { return nil }
        if bytes[nameAt..<nameAt + 4].elementsEqual(name.utf8) { return bytes[at + 8..<at + 8 + length] }
        at += 8 + length + (lengthFirst ? trailer : length & 1)
    }
    return nil
}
