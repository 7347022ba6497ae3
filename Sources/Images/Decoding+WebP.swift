import CWebP

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
    return (try checkedSize(features.width, features.height, name), features.has_alpha != 0)
}

func decodeWebP(_ bytes: [UInt8], _ name: String, _ background: [UInt8]?) throws -> DecodedImage {
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
