import CPNG

private func sizeOfPNG(_ bytes: [UInt8], _ name: String) throws -> (width: Int, height: Int) {
    guard bytes.count >= 33 else {
        throw ImageError.truncated(image: name, format: "PNG", bytes: bytes.count)
    }
    guard bytes[12..<16].elementsEqual("IHDR".utf8) else {
        throw ImageError.broken(
            image: name, format: "PNG", bytes: bytes.count, reason: "its first chunk is not IHDR")
    }
    func number(at offset: Int) -> Int { bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } }
    return try checkedSize(number(at: 16), number(at: 20), name)
}

func decodePNG(_ bytes: [UInt8], _ name: String, _ background: [UInt8]?) throws -> DecodedImage {
    let size = try sizeOfPNG(bytes, name)
    // Grey or colour with alpha, or one colour that is clear.
    let hasAlpha = [4, 6].contains(bytes[25]) || PNGChunks.haveTransparency(bytes)
    return try filled(size, hasAlpha: hasAlpha, background) { pixels in
        var message = [CChar](repeating: 0, count: ALIGN_TI_PNG_MESSAGE)
        let status = align_ti_png_decode(
            bytes, bytes.count, UInt32(size.width), UInt32(size.height), hasAlpha ? 4 : 3, pixels, &message)
        switch Int(status) {
        case ALIGN_TI_PNG_DONE: return nil
        case ALIGN_TI_PNG_TRUNCATED: return .truncated(image: name, format: "PNG", bytes: bytes.count)
        default: return .broken(image: name, format: "PNG", bytes: bytes.count, reason: text(message))
        }
    }
}
