import CJPEG

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
    return try checkedSize(width, height, name)
}

func decodeJPEG(_ bytes: [UInt8], _ name: String) throws -> RGBImage {
    let size = try sizeOfJPEG(bytes, name)
    let pixels = try samples(size, channels: 3) { pixels in
        var (width, height) = (UInt32(size.width), UInt32(size.height))
        var message = [CChar](repeating: 0, count: ALIGN_TI_JPEG_MESSAGE)
        let status = align_ti_jpeg_decode(bytes, bytes.count, &width, &height, pixels, &message)
        return jpegError(status, message, bytes, name)
    }
    return RGBImage(width: size.width, height: size.height, pixels: pixels)
}
