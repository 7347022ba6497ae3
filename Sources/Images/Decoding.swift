import CJPEG
import CKernels
import CPNG
import CWebP
import Files

/// A picture as a file shows it.
public struct DecodedImage: Sendable {
    public let image: RGBImage
    /// Whether a part of it is clear, so that the background counts.
    public let isTransparent: Bool
}

/// The picture of `decodeTransparentImage`.
public func decodeImage(_ bytes: [UInt8], name: String, background: [UInt8]? = nil) throws -> RGBImage {
    try decodeTransparentImage(bytes, name: name, background: background).image
}

/// Decodes a JPEG, PNG or WebP file, chosen by its first bytes.
///
/// The rule is that of Hugging Face's `load_image` and of LLaVA's loaders: the EXIF orientation is
/// applied, then the picture is made RGB as Pillow's `convert("RGB")` makes it: alpha is dropped, so that
/// what is clear shows the colour stored under it, unless there is a background, on which the picture is
/// laid as Pillow's `alpha_composite` does; palettes and grey are expanded; four-component JPEGs are
/// taken as inverted CMYK and converted without a colour profile. The high byte of 16-bit samples is kept
/// (Pillow clips 16-bit *grey* at 255 instead, which turns such pictures white). Orientation is read from
/// the EXIF block of all three formats; an unreadable block counts as upright. A file that ends too early
/// is refused, as Pillow refuses it; a JPEG whose coded data are damaged inside but complete is decoded,
/// as Pillow decodes it.
///
/// - Parameters:
///   - bytes: the whole file
///   - name: what errors call it
///   - background: red, green and blue
/// - Throws: `ImageError`
public func decodeTransparentImage(_ bytes: [UInt8], name: String, background: [UInt8]? = nil) throws
    -> DecodedImage
{
    precondition(background.map { $0.count == 3 } ?? true, "decodeImage: background \(background ?? [])")
    guard !bytes.isEmpty else { throw ImageError.empty(image: name) }
    guard let format = ImageFormat(bytes) else {
        throw ImageError.unknownFormat(image: name, firstBytes: Array(bytes.prefix(8)))
    }
    let stored =
        switch format {
        case .jpeg: DecodedImage(image: try decodeJPEG(bytes, name), isTransparent: false)
        case .png: try decodePNG(bytes, name, background)
        case .webp: try decodeWebP(bytes, name, background)
        }
    guard let block = format.exifBlock(bytes) else { return stored }
    return DecodedImage(
        image: stored.image.turned(Orientation(exif: block)), isTransparent: stored.isTransparent)
}

private func checked(_ width: some BinaryInteger, _ height: some BinaryInteger, _ name: String) throws -> (
    width: Int, height: Int
) {
    let (w, h) = (Int(clamping: width), Int(clamping: height))
    let (area, overflows) = w.multipliedReportingOverflow(by: h)
    let sides = 1...Limit.imageSide.value
    guard sides.contains(w), sides.contains(h), !overflows, area <= Limit.imagePixels.value else {
        throw ImageError.tooLarge(image: name, width: w, height: h)
    }
    return (w, h)
}

/// Runs a C decoder that fills `[height, width, channels]` and returns nil, or the error to throw.
private func samples(
    _ size: (width: Int, height: Int), channels: Int,
    by decode: (UnsafeMutablePointer<UInt8>) -> ImageError?
) throws -> [UInt8] {
    let samples = size.width * size.height * channels
    return try [UInt8](unsafeUninitializedCapacity: samples) { into, count in
        guard let base = into.baseAddress else { return }
        // A decoder writes every sample or fails; after a failure the array is dropped unread.
        if let error = decode(base) { throw error }
        count = samples
    }
}

/// The same for a decoder of `[height, width, 3]`, or of `[height, width, 4]` where the file has alpha.
private func filled(
    _ size: (width: Int, height: Int), hasAlpha: Bool, _ background: [UInt8]?,
    by decode: (UnsafeMutablePointer<UInt8>) -> ImageError?
) throws -> DecodedImage {
    let stored = try samples(size, channels: hasAlpha ? 4 : 3, by: decode)
    func image(_ pixels: [UInt8]) -> RGBImage {
        RGBImage(width: size.width, height: size.height, pixels: pixels)
    }
    guard hasAlpha else { return DecodedImage(image: image(stored), isTransparent: false) }
    var isTransparent = false
    let pixels = [UInt8](unsafeUninitializedCapacity: stored.count / 4 * 3) { into, count in
        count = stored.count / 4 * 3
        guard let base = into.baseAddress else { return }
        let clear =
            background.map { ck_drop_alpha(stored, stored.count / 4, $0, base) }
            ?? ck_drop_alpha(stored, stored.count / 4, nil, base)
        isTransparent = clear != 0
    }
    return DecodedImage(image: image(pixels), isTransparent: isTransparent)
}

/// Message that a shim left in its buffer.
func text(_ message: [CChar]) -> String {
    String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

// MARK: JPEG

private func jpegError(_ status: Int32, _ message: [CChar], _ bytes: [UInt8], _ name: String) -> ImageError? {
    switch Int(status) {
    case ALIGN_TI_JPEG_DONE: nil
    case ALIGN_TI_JPEG_TRUNCATED: .truncated(image: name, format: "JPEG", bytes: bytes.count)
    default: .broken(image: name, format: "JPEG", bytes: bytes.count, reason: text(message))
    }
}

private func sizeOfJPEG(_ bytes: [UInt8], _ name: String) throws -> (width: Int, height: Int) {
    var (width, height): (UInt32, UInt32) = (0, 0)
    var message = [CChar](repeating: 0, count: ALIGN_TI_JPEG_MESSAGE)
    let status = align_ti_jpeg_decode(bytes, bytes.count, &width, &height, nil, &message)
    if let error = jpegError(status, message, bytes, name) { throw error }
    return try checked(width, height, name)
}

private func decodeJPEG(_ bytes: [UInt8], _ name: String) throws -> RGBImage {
    let size = try sizeOfJPEG(bytes, name)
    let pixels = try samples(size, channels: 3) { pixels in
        var (width, height) = (UInt32(size.width), UInt32(size.height))
        var message = [CChar](repeating: 0, count: ALIGN_TI_JPEG_MESSAGE)
        let status = align_ti_jpeg_decode(bytes, bytes.count, &width, &height, pixels, &message)
        return jpegError(status, message, bytes, name)
    }
    return RGBImage(width: size.width, height: size.height, pixels: pixels)
}

// MARK: PNG

private func sizeOfPNG(_ bytes: [UInt8], _ name: String) throws -> (width: Int, height: Int) {
    guard bytes.count >= 33 else {
        throw ImageError.truncated(image: name, format: "PNG", bytes: bytes.count)
    }
    guard bytes[12..<16].elementsEqual("IHDR".utf8) else {
        throw ImageError.broken(
            image: name, format: "PNG", bytes: bytes.count, reason: "its first chunk is not IHDR")
    }
    func number(at offset: Int) -> Int { bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } }
    return try checked(number(at: 16), number(at: 20), name)
}

private func decodePNG(_ bytes: [UInt8], _ name: String, _ background: [UInt8]?) throws -> DecodedImage {
    let size = try sizeOfPNG(bytes, name)
    // Grey or colour with alpha, or one colour that is clear.
    let hasAlpha = [4, 6].contains(bytes[25]) || ImageFormat.png.hasTransparencyChunk(bytes)
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

// MARK: WebP

private func webpError(_ status: VP8StatusCode, _ bytes: [UInt8], _ name: String) -> ImageError? {
    switch status {
    case VP8_STATUS_OK: nil
    case VP8_STATUS_NOT_ENOUGH_DATA, VP8_STATUS_SUSPENDED:
        .truncated(image: name, format: "WebP", bytes: bytes.count)
    case VP8_STATUS_OUT_OF_MEMORY:
        .broken(image: name, format: "WebP", bytes: bytes.count, reason: "out of memory")
    case VP8_STATUS_UNSUPPORTED_FEATURE:
        .broken(
            image: name, format: "WebP", bytes: bytes.count, reason: "it uses a feature libwebp does not know"
        )
    default: .broken(image: name, format: "WebP", bytes: bytes.count, reason: "its data are damaged")
    }
}

private func formOfWebP(_ bytes: [UInt8], _ name: String) throws -> (
    size: (width: Int, height: Int), hasAlpha: Bool
) {
    var features = WebPBitstreamFeatures()
    if let error = webpError(WebPGetFeatures(bytes, bytes.count, &features), bytes, name) { throw error }
    guard features.has_animation == 0 else { throw ImageError.animated(image: name) }
    return (try checked(features.width, features.height, name), features.has_alpha != 0)
}

private func decodeWebP(_ bytes: [UInt8], _ name: String, _ background: [UInt8]?) throws -> DecodedImage {
    let (size, hasAlpha) = try formOfWebP(bytes, name)
    let rowBytes = size.width * (hasAlpha ? 4 : 3)
    return try filled(size, hasAlpha: hasAlpha, background) { pixels in
        var settings = WebPDecoderConfig()
        guard WebPInitDecoderConfig(&settings) != 0 else {
            return .broken(
                image: name, format: "WebP", bytes: bytes.count,
                reason: "libwebp has another version than its header")
        }
        settings.output.colorspace = hasAlpha ? MODE_RGBA : MODE_RGB
        settings.output.is_external_memory = 1
        settings.output.u.RGBA = WebPRGBABuffer(
            rgba: pixels, stride: Int32(rowBytes), size: size.height * rowBytes)
        defer { WebPFreeDecBuffer(&settings.output) }
        return webpError(WebPDecode(bytes, bytes.count, &settings), bytes, name)
    }
}
