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

/// Place of a picture's rows.
private struct WebPCanvas {
    let start: UnsafeMutablePointer<UInt8>
    let rowBytes: Int
    let bytes: Int
    let hasAlpha: Bool

    /// Decodes a still picture to here.
    func decode(_ data: UnsafePointer<UInt8>?, _ count: Int) -> VP8StatusCode {
        var settings = WebPDecoderConfig()
        guard WebPInitDecoderConfig(&settings) != 0 else { return VP8_STATUS_INVALID_PARAM }
        settings.output.colorspace = hasAlpha ? MODE_RGBA : MODE_RGB
        settings.output.is_external_memory = 1
        settings.output.u.RGBA = WebPRGBABuffer(rgba: start, stride: Int32(rowBytes), size: bytes)
        defer { WebPFreeDecBuffer(&settings.output) }
        return WebPDecode(data, count, &settings)
    }

    /// Decodes an animation's first frame to its place, around which nothing is drawn: clear and black, as
    /// in Pillow.
    func decodeFirstFrame(_ data: UnsafePointer<UInt8>?, _ count: Int) -> VP8StatusCode {
        start.update(repeating: 0, count: bytes)
        var whole = WebPData(bytes: data, size: count)
        guard let reader = WebPDemux(&whole) else {
            // A file says how long it is in its bytes 4 to 7.
            let claimed = (4..<8).reversed().reduce(0) { $0 << 8 | Int(data?[$1] ?? 0) }
            return claimed + 8 > count ? VP8_STATUS_NOT_ENOUGH_DATA : VP8_STATUS_BITSTREAM_ERROR
        }
        defer { WebPDemuxDelete(reader) }
        var frame = WebPIterator()
        guard WebPDemuxGetFrame(reader, 1, &frame) != 0 else { return VP8_STATUS_BITSTREAM_ERROR }
        defer { WebPDemuxReleaseIterator(&frame) }
        let channels = hasAlpha ? 4 : 3
        var features = WebPBitstreamFeatures()
        let status = WebPGetFeatures(frame.fragment.bytes, frame.fragment.size, &features)
        guard status == VP8_STATUS_OK else { return status }
        let (x, y) = (Int(frame.x_offset), Int(frame.y_offset))
        guard features.width == frame.width, features.height == frame.height, x >= 0, y >= 0,
            (x + Int(frame.width)) * channels <= rowBytes, (y + Int(frame.height)) * rowBytes <= bytes
        else { return VP8_STATUS_BITSTREAM_ERROR }
        let offset = y * rowBytes + x * channels
        let place = WebPCanvas(
            start: start + offset, rowBytes: rowBytes, bytes: bytes - offset, hasAlpha: hasAlpha)
        return place.decode(frame.fragment.bytes, frame.fragment.size)
    }
}

/// Decodes a WebP; of an animation the first frame.
func decodeWebP(_ bytes: [UInt8], _ name: String, _ background: [UInt8]?) throws -> DecodedImage {
    var features = WebPBitstreamFeatures()
    if let error = webpError(WebPGetFeatures(bytes, bytes.count, &features), bytes, name) { throw error }
    let size = try checkedSize(features.width, features.height, name)
    let hasAlpha = features.has_alpha != 0
    let rowBytes = size.width * (hasAlpha ? 4 : 3)
    return try filled(size, hasAlpha: hasAlpha, background) { pixels in
        let canvas = WebPCanvas(
            start: pixels, rowBytes: rowBytes, bytes: size.height * rowBytes, hasAlpha: hasAlpha)
        let status =
            features.has_animation == 0
            ? canvas.decode(bytes, bytes.count) : canvas.decodeFirstFrame(bytes, bytes.count)
        return webpError(status, bytes, name)
    }
}
