import CJPEG
import CPNG
import Foundation

extension RGBImage {
    /// The picture as an 8-bit PNG. The same picture and zlib give the same bytes.
    ///
    /// - Parameter compressionLevel: 0 (none) to 9 (smallest)
    public func pngBytes(compressionLevel: Int = 6) throws -> [UInt8] {
        precondition(
            (0...9).contains(compressionLevel), "a PNG compression level is 0 to 9, not \(compressionLevel)")
        var bytes: UnsafeMutablePointer<UInt8>?
        var count = 0
        var message = [CChar](repeating: 0, count: ALIGN_TI_PNG_MESSAGE)
        let status = align_ti_png_encode(
            pixels, UInt32(clamping: width), UInt32(clamping: height), Int32(compressionLevel), &bytes,
            &count, &message)
        defer { free(bytes) }
        guard status == 0 else {
            throw ImageError.encoding(format: "PNG", width: width, height: height, reason: text(message))
        }
        return Array(UnsafeBufferPointer(start: bytes, count: count))
    }

    /// The picture as a baseline JPEG with halved chroma. The same picture and libjpeg give the same bytes.
    ///
    /// - Parameter quality: 1 to 100 on libjpeg's scale
    public func jpegBytes(quality: Int = 90) throws -> [UInt8] {
        precondition((1...100).contains(quality), "a JPEG quality is 1 to 100, not \(quality)")
        var bytes: UnsafeMutablePointer<UInt8>?
        var count: UInt = 0
        var message = [CChar](repeating: 0, count: ALIGN_TI_JPEG_MESSAGE)
        let status = align_ti_jpeg_encode(
            pixels, UInt32(clamping: width), UInt32(clamping: height), Int32(quality), &bytes, &count,
            &message)
        defer { free(bytes) }
        guard status == 0 else {
            throw ImageError.encoding(format: "JPEG", width: width, height: height, reason: text(message))
        }
        return Array(UnsafeBufferPointer(start: bytes, count: Int(count)))
    }
}
