import Files

/// What a file says about its picture beside the pixels, as far as it turns it: an EXIF block, and a packet
/// of XMP.
struct ImageMetadata {
    /// A TIFF header and what follows it.
    private(set) var exif: [UInt8]?
    /// A text.
    private(set) var xmp: [UInt8]?

    /// Reads it as Pillow does; what is damaged counts as absent.
    init(_ bytes: [UInt8], _ format: ImageFormat) {
        switch format {
        case .jpeg: readJPEG(bytes)
        case .png: readPNG(bytes)
        case .webp: readWebP(bytes)
        case .gif, .bmp, .tiff: break  // TIFF is turned where it is read, the others have none
        }
        while let block = exif, block.starts(with: Self.exifMark) {
            exif = Array(block.dropFirst(Self.exifMark.count))
        }
    }

    init(xmp: [UInt8]?) { self.xmp = xmp }

    /// The tag of the EXIF block; where that has none, the one of XMP. A value that is none counts as
    /// upright.
    var orientation: Orientation {
        let value = exif.flatMap { Orientation.tag(in: $0) } ?? xmp.flatMap { Self.orientation(inXMP: $0) }
        return value.flatMap(Orientation.init(rawValue:)) ?? .upright
    }

    /// The digit in `tiff:Orientation="6"` or `<tiff:Orientation>6</tiff:Orientation>`.
    private static func orientation(inXMP text: [UInt8]) -> Int? {
        let name = Array("tiff:Orientation".utf8)
        var at = 0
        while at + name.count < text.count {
            guard text[at] == name[0], text[at...].starts(with: name) else {
                at += 1
                continue
            }
            let rest = text[(at + name.count)...]
            for opening in ["=\"", ">"] where rest.starts(with: opening.utf8) {
                if let digit = rest.dropFirst(opening.utf8.count).first, (0x30...0x39).contains(digit) {
                    return Int(digit) - 0x30
                }
            }
            at += name.count
        }
        return nil
    }

    private static let exifMark: [UInt8] = Array("Exif".utf8) + [0, 0]

    // MARK: JPEG

    private static let xmpMark = Array("http://ns.adobe.com/xap/1.0/".utf8) + [0]

    /// Application segments 1 before the first scan. A block in several goes on from one to the next.
    private mutating func readJPEG(_ bytes: [UInt8]) {
        var at = 2
        while at + 4 <= bytes.count, bytes[at] == 0xFF {
            let marker = bytes[at + 1]
            if marker == 0xFF {  // a fill byte
                at += 1
                continue
            }
            if marker == 0xDA || marker == 0xD9 { return }
            if marker == 0x01 || (0xD0...0xD7).contains(marker) {  // these have no length
                at += 2
                continue
            }
            let length = Int(bytes[at + 2]) << 8 | Int(bytes[at + 3])
            guard length >= 2, at + 2 + length <= bytes.count else { return }
            let segment = bytes[at + 4..<at + 2 + length]
            if marker == 0xE1, segment.starts(with: Self.exifMark) {
                exif = (exif ?? []) + segment.dropFirst(Self.exifMark.count)
            } else if marker == 0xE1, segment.starts(with: Self.xmpMark) {
                xmp = Array(segment.dropFirst(Self.xmpMark.count))
            }
            at += 2 + length
        }
    }

    // MARK: PNG

    /// Bytes that a compressed text may have: what Pillow allows.
    private static let mostText = 1 << 20

    /// The chunk made for it, or else the text in hexadecimal digits that ImageMagick writes. Of several the
    /// last counts, also behind the pixels.
    private mutating func readPNG(_ bytes: [UInt8]) {
        var profile: [UInt8]?
        PNGChunks.forEach(bytes) { name, content in
            switch name {
            case "eXIf": exif = Array(content)
            case "tEXt", "zTXt", "iTXt":
                guard let (key, text) = Self.text(name, content) else { return }
                switch key {
                case "Raw profile type exif": profile = text
                case "XML:com.adobe.xmp": xmp = text
                default: break
                }
            default: break
            }
        }
        if exif == nil { exif = profile.flatMap(Self.block(ofProfile:)) }
    }

    private static func text(_ chunk: String, _ content: ArraySlice<UInt8>) -> (key: String, text: [UInt8])? {
        guard let end = content.firstIndex(of: 0) else { return nil }
        let key = String(decoding: content[..<end], as: UTF8.self)
        var rest = content[(end + 1)...]
        var isCompressed = chunk == "zTXt"
        if chunk == "iTXt" {
            isCompressed = rest.first != 0
            // Behind the method stand a language and a translated key.
            for _ in 0..<2 {
                guard let end = rest.dropFirst(2).firstIndex(of: 0), rest.count >= 2 else { return nil }
                rest = rest.prefix(2) + rest[(end + 1)...]
            }
            rest = rest.dropFirst()
        }
        guard chunk != "tEXt" else { return (key, Array(rest)) }
        guard isCompressed else { return (key, Array(rest.dropFirst())) }
        guard rest.first == 0, let text = Zlib.inflated(Array(rest.dropFirst()), most: mostText) else {
            return nil
        }
        return (key, text)
    }

    /// `\nexif\n     114\n45786966...`: the digits stand behind three line feeds.
    private static func block(ofProfile text: [UInt8]) -> [UInt8]? {
        let lines = text.split(separator: 0x0A, maxSplits: 3, omittingEmptySubsequences: false)
        guard lines.count == 4 else { return nil }
        let digits = lines[3].filter { ![0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x20].contains($0) }
        guard digits.count % 2 == 0 else { return nil }
        var block: [UInt8] = []
        for pair in stride(from: 0, to: digits.count, by: 2) {
            guard let byte = UInt8(String(decoding: digits[pair..<pair + 2], as: UTF8.self), radix: 16) else {
                return nil
            }
            block.append(byte)
        }
        return block
    }

    // MARK: WebP

    /// The chunks that the file's first one announces.
    private mutating func readWebP(_ bytes: [UInt8]) {
        guard bytes.count > 20, bytes[12..<16].elementsEqual("VP8X".utf8) else { return }
        let announced = bytes[20]
        var at = 12
        while at + 8 <= bytes.count {
            let length = bytes[at + 4..<at + 8].reversed().reduce(0) { $0 << 8 | Int($1) }
            guard length <= bytes.count - at - 8 else { return }
            let (name, content) = (bytes[at..<at + 4], bytes[at + 8..<at + 8 + length])
            if announced & 8 != 0, exif == nil, name.elementsEqual("EXIF".utf8) { exif = Array(content) }
            if announced & 4 != 0, xmp == nil, name.elementsEqual("XMP ".utf8) { xmp = Array(content) }
            at += 8 + length + length & 1
        }
    }
}

/// The chunks of a PNG: length, name, content, checksum.
enum PNGChunks {
    static func forEach(_ bytes: [UInt8], _ body: (_ name: String, _ content: ArraySlice<UInt8>) -> Void) {
        var at = 8
        while at + 8 <= bytes.count {
            let length = bytes[at..<at + 4].reduce(0) { $0 << 8 | Int($1) }
            guard length <= bytes.count - at - 8 else { return }
            body(String(decoding: bytes[at + 4..<at + 8], as: UTF8.self), bytes[at + 8..<at + 8 + length])
            at += 12 + length
        }
    }

    /// Whether the file says which colours are clear.
    static func haveTransparency(_ bytes: [UInt8]) -> Bool {
        var isThere = false
        forEach(bytes) { name, _ in isThere = isThere || name == "tRNS" }
        return isThere
    }
}
