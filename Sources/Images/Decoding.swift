import CKernels
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

/// Decodes a JPEG, PNG, WebP, GIF, BMP or TIFF file, chosen by its first bytes; of several pictures the
/// first.
///
/// The rule is that of Hugging Face's `load_image` and of LLaVA's loaders: the EXIF orientation is applied,
/// then the picture is made RGB as Pillow's `convert("RGB")` makes it: alpha is dropped, so that what is
/// clear shows the colour stored under it, unless there is a background, on which the picture is laid as
/// Pillow's `alpha_composite` does; palettes and grey are expanded; four-component JPEGs are taken as
/// inverted CMYK and converted without a colour profile. The high byte of 16-bit samples is kept (Pillow
/// clips 16-bit *grey* at 255 instead, which turns such pictures white). Orientation is read as Pillow reads
/// it, in this order: the EXIF block (TIFF's own tag), in PNG the "Raw profile type exif", the XMP packet; an
/// unreadable one counts as upright. A file that ends too early is refused, as Pillow refuses it; a JPEG
/// whose coded data are damaged inside but complete, or that lacks its end mark behind them, is decoded, as
/// Pillow decodes it.
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
        throw ImageError.unknownFormat(image: name, firstBytes: Array(bytes.prefix(12)))
    }
    let stored =
        switch format {
        case .jpeg: DecodedImage(image: try decodeJPEG(bytes, name), isTransparent: false)
        case .png: try decodePNG(bytes, name, background)
        case .webp: try decodeWebP(bytes, name, background)
        case .gif: try decodeGIF(bytes, name, background)
        case .bmp: try decodeBMP(bytes, name, background)
        case .tiff: try decodeTIFF(bytes, name, background)
        }
    return DecodedImage(
        image: stored.image.turned(ImageMetadata(bytes, format).orientation),
        isTransparent: stored.isTransparent)
}

/// A size that a picture may have, before its pixels get a place.
func checkedSize(_ width: some BinaryInteger, _ height: some BinaryInteger, _ name: String) throws -> (
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
func samples(
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
func filled(
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
