import CGIF

/// Decodes the first picture of a GIF upon its screen, as Pillow shows it: what the picture does not cover
/// has the transparent colour, or else the first of the palette.
func decodeGIF(_ bytes: [UInt8], _ name: String, _ background: [UInt8]?) throws -> DecodedImage {
    var picture = align_ti_gif_picture()
    func decode(_ channels: Int, _ pixels: UnsafeMutablePointer<UInt8>?) -> ImageError? {
        var message = [CChar](repeating: 0, count: ALIGN_TI_GIF_MESSAGE)
        let status = align_ti_gif_decode(bytes, bytes.count, &picture, channels, pixels, &message)
        return switch Int(status) {
        case ALIGN_TI_GIF_DONE: nil
        case ALIGN_TI_GIF_TRUNCATED: .truncated(image: name, format: "GIF", bytes: bytes.count)
        default: .broken(image: name, format: "GIF", bytes: bytes.count, reason: text(message))
        }
    }
    if let error = decode(3, nil) { throw error }
    let size = try checkedSize(picture.width, picture.height, name)
    let hasAlpha = picture.clear >= 0
    return try filled(size, hasAlpha: hasAlpha, background) { decode(hasAlpha ? 4 : 3, $0) }
}
