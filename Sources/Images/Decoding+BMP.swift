/// Decodes a bitmap of Windows or OS/2: 1, 4, 8, 16, 24 or 32 bits, run lengths included, with the masks and
/// by the rules that Pillow knows. Debian has no library for it.
func decodeBMP(_ bytes: [UInt8], _ name: String, _ background: [UInt8]?) throws -> DecodedImage {
    let header: BMPHeader
    do throws(BMPHeader.Problem) { header = try BMPHeader(bytes) } catch {
        throw error.imageError(bytes, name)
    }
    let size = try checkedSize(header.width, header.height, name)
    let indices: [UInt8]?
    if header.isRunLengths {
        var runs = BMPRuns(bytes, header)
        guard let found = runs.indices() else {
            throw ImageError.truncated(image: name, format: "BMP", bytes: bytes.count)
        }
        indices = found
    } else {
        // The last row needs no padding.
        let needed = (header.height - 1) * header.rowBytes + (header.width * header.bits + 7) / 8
        guard header.start <= bytes.count, needed <= bytes.count - header.start else {
            throw ImageError.truncated(image: name, format: "BMP", bytes: bytes.count)
        }
        indices = nil
    }
    let hasAlpha = header.channels.alpha != nil
    return try filled(size, hasAlpha: hasAlpha, background) { pixels in
        var out = pixels
        for y in 0..<header.height {
            let row = header.isTopDown ? y : header.height - 1 - y
            if let indices {
                for index in indices[row * header.width..<(row + 1) * header.width] {
                    header.colour(index, to: &out)
                }
            } else {
                header.row(bytes, at: header.start + row * header.rowBytes, to: &out)
            }
        }
        return nil
    }
}

/// What stands before the pixels of a BMP.
struct BMPHeader {
    enum Problem: Error {
        case truncated
        case unsupported(String)

        func imageError(_ bytes: [UInt8], _ name: String) -> ImageError {
            switch self {
            case .truncated: .truncated(image: name, format: "BMP", bytes: bytes.count)
            case .unsupported(let reason):
                .broken(image: name, format: "BMP", bytes: bytes.count, reason: reason)
            }
        }
    }

    /// Bytes of a 32-bit pixel.
    struct Channels {
        let red, green, blue: Int
        let alpha: Int?

        static let standard = Channels(red: 2, green: 1, blue: 0, alpha: nil)
    }

    let width, height: Int
    let isTopDown: Bool
    let bits: Int
    let isRunLengths, hasHalfByteRuns: Bool
    /// Whether green has 6 of 16 bits.
    let isWideGreen: Bool
    let channels: Channels
    /// Red, green and blue of 256 indices; those that the file does not have are black.
    let palette: [UInt8]
    /// Place of the pixels.
    let start: Int

    /// Bytes of a row, padded.
    var rowBytes: Int { (width * bits + 31) >> 3 & ~3 }

    init(_ bytes: [UInt8]) throws(Problem) {
        func number(_ at: Int, _ size: Int) throws(Problem) -> Int {
            guard at <= bytes.count - size else { throw .truncated }
            return bytes[at..<at + size].reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        let headerBytes = try number(14, 4)
        guard [12, 40, 52, 56, 64, 108, 124].contains(headerBytes) else {
            throw .unsupported("its header of \(headerBytes) bytes is of no kind that is read")
        }
        guard 14 + headerBytes <= bytes.count else { throw .truncated }
        let isOld = headerBytes == 12
        let compression = isOld ? 0 : try number(30, 4)
        bits = try number(isOld ? 24 : 28, 2)
        isTopDown = !isOld && bytes[25] == 0xFF  // a height below zero
        width = try number(18, isOld ? 2 : 4)
        let stored = try number(isOld ? 20 : 22, isOld ? 2 : 4)
        height = isTopDown ? 1 << 32 - stored : stored
        guard [1, 4, 8, 16, 24, 32].contains(bits) else {
            throw .unsupported("pixels of \(bits) bits are not read")
        }
        (isRunLengths, hasHalfByteRuns) = (compression == 1 || compression == 2, compression == 2)
        guard compression == 0 || compression == 3 && bits > 8 || isRunLengths && bits <= 8 else {
            throw .unsupported("compression \(compression) of \(bits) bits is not read")
        }

        var masks: [Int] = []
        if compression == 3 {
            for i in 0..<3 { masks.append(try number(54 + 4 * i, 4)) }
            masks.append(headerBytes >= 56 ? try number(66, 4) : 0)
        }
        (channels, isWideGreen) = try Self.layout(masks, bits: bits)

        let entryBytes = isOld ? 3 : 4
        let listed = isOld ? 0 : try number(46, 4)
        let colours = bits > 8 ? 0 : listed == 0 ? 1 << bits : listed
        guard colours <= 256 else { throw .unsupported("its palette has \(colours) colours") }
        let paletteStart = 14 + headerBytes
        palette = Self.palette(
            bytes[min(paletteStart, bytes.count)...].prefix(colours * entryBytes), entryBytes, bits: bits)
        let given = try number(10, 4)
        // Some writers forget the palette, and some the place.
        let behind = paletteStart + colours * entryBytes + (compression == 3 && headerBytes == 40 ? 12 : 0)
        start = given == 0 || given == paletteStart && bits <= 8 ? behind : given
    }

    /// The masks that Pillow knows.
    private static func layout(_ masks: [Int], bits: Int) throws(Problem) -> (Channels, isWideGreen: Bool) {
        let known: [[Int]]
        switch (masks.isEmpty, bits) {
        case (true, _): return (.standard, false)
        case (_, 16):
            if masks.prefix(3) == [0xF800, 0x7E0, 0x1F] { return (.standard, true) }
            known = [[0x7C00, 0x3E0, 0x1F]]
        case (_, 24): known = [[0xFF0000, 0xFF00, 0xFF]]
        default:
            if masks == [0, 0, 0, 0] { return (Channels(red: 2, green: 1, blue: 0, alpha: 3), false) }
            known = [
                [0xFF0000, 0xFF00, 0xFF, 0], [0xFF00_0000, 0xFF0000, 0xFF00, 0],
                [0xFF00_0000, 0xFF00, 0xFF, 0],
                [0xFF00_0000, 0xFF0000, 0xFF00, 0xFF], [0xFF, 0xFF00, 0xFF0000, 0xFF00_0000],
                [0xFF0000, 0xFF00, 0xFF, 0xFF00_0000], [0xFF00_0000, 0xFF00, 0xFF, 0xFF0000],
            ]
        }
        guard known.contains(Array(masks.prefix(bits == 32 ? 4 : 3))) else {
            let shown = masks.map { String($0, radix: 16) }.joined(separator: " ")
            throw .unsupported("the masks \(shown) of its \(bits) bits are not read")
        }
        guard bits == 32 else { return (.standard, false) }
        let places = masks.map { $0.trailingZeroBitCount / 8 }
        return (
            Channels(
                red: places[0], green: places[1], blue: places[2], alpha: masks[3] == 0 ? nil : places[3]),
            false
        )
    }

    /// A palette of the greys of its indices goes on beyond its end, as Pillow makes a grey picture of it.
    private static func palette(_ stored: ArraySlice<UInt8>, _ entryBytes: Int, bits: Int) -> [UInt8] {
        var palette = [UInt8](repeating: 0, count: 3 * 256)
        let stored = Array(stored)
        let known = stored.count / entryBytes
        for i in 0..<known {
            for c in 0..<3 { palette[3 * i + c] = stored[entryBytes * i + 2 - c] }
        }
        let isGrey = (0..<3 * known).allSatisfy { palette[$0] == $0 / 3 }
        if isGrey, known > 0, bits == 8 { for i in 3 * known..<3 * 256 { palette[i] = UInt8(i / 3) } }
        return palette
    }

    // MARK: Pixels

    /// Writes the colour of an index.
    func colour(_ index: UInt8, to out: inout UnsafeMutablePointer<UInt8>) {
        for c in 0..<3 { out[c] = palette[3 * Int(index) + c] }
        out += 3
    }

    /// Writes a row's pixels: red, green, blue, and alpha where there is one.
    func row(_ bytes: [UInt8], at start: Int, to out: inout UnsafeMutablePointer<UInt8>) {
        switch bits {
        case 16:
            let (greenBits, redShift) = isWideGreen ? (6, 11) : (5, 10)
            let most = 1 << greenBits - 1
            for x in 0..<width {
                let pixel = Int(bytes[start + 2 * x]) | Int(bytes[start + 2 * x + 1]) << 8
                out[0] = UInt8((pixel >> redShift & 31) * 255 / 31)
                out[1] = UInt8((pixel >> 5 & most) * 255 / most)
                out[2] = UInt8((pixel & 31) * 255 / 31)
                out += 3
            }
        case 24, 32:
            let step = bits / 8
            for pixel in stride(from: start, to: start + width * step, by: step) {
                out[0] = bytes[pixel + channels.red]
                out[1] = bytes[pixel + channels.green]
                out[2] = bytes[pixel + channels.blue]
                if let alpha = channels.alpha { out[3] = bytes[pixel + alpha] }
                out += channels.alpha == nil ? 3 : 4
            }
        default:
            for x in 0..<width {
                let (byte, bit) = (x * bits / 8, x * bits % 8)
                colour((bytes[start + byte] << UInt8(bit)) >> UInt8(8 - bits), to: &out)
            }
        }
    }
}
