import CTIFF
import Files

/// Decodes the first picture of a TIFF, turned as its tag says.
///
/// What the samples may be is what Pillow reads, but for numbers that are no levels (signed, floating, 32
/// bits) and CIELAB, which are refused. Of 12 and 16 bits the high ones are kept.
func decodeTIFF(_ bytes: [UInt8], _ name: String, _ background: [UInt8]?) throws -> DecodedImage {
    try bytes.withUnsafeBufferPointer { buffer in
        var file = align_ti_tiff()
        (file.bytes, file.count) = (buffer.baseAddress, UInt64(buffer.count))
        return try withUnsafeMutablePointer(to: &file) { file in
            guard let reader = TIFFReader(file, name) else { throw TIFFReader.error(file, name) }
            return try reader.decode(background)
        }
    }
}

/// An open TIFF.
private final class TIFFReader {
    /// The most that libtiff may take at once: 16 bits of four samples a pixel, and a little for the rest.
    private static var most: Int { Limit.imagePixels.value * 8 + 1 << 20 }

    private let file: UnsafeMutablePointer<align_ti_tiff>
    private let handle: OpaquePointer
    private let name: String
    private let header: align_ti_tiff_header

    init?(_ file: UnsafeMutablePointer<align_ti_tiff>, _ name: String) {
        guard let handle = align_ti_tiff_open(file, Self.most) else { return nil }
        (self.file, self.handle, self.name) = (file, handle, name)
        header = align_ti_tiff_header_of(handle)
    }

    deinit { TIFFClose(handle) }

    static func error(
        _ file: UnsafeMutablePointer<align_ti_tiff>, _ name: String, _ reason: String? = nil
    ) -> ImageError {
        let count = Int(file.pointee.count)
        if reason == nil, file.pointee.ran_out != 0 {
            return .truncated(image: name, format: "TIFF", bytes: count)
        }
        let found = withUnsafeBytes(of: file.pointee.message) { raw in
            String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
        }
        return .broken(
            image: name, format: "TIFF", bytes: count,
            reason: reason ?? (found.isEmpty ? "its data are damaged" : found))
    }

    private func error(_ reason: String? = nil) -> ImageError { Self.error(file, name, reason) }

    func decode(_ background: [UInt8]?) throws -> DecodedImage {
        let size = try checkedSize(header.width, header.height, name)
        guard let samples = TIFFSamples(header) else {
            let extra = header.extras > 0 ? ", \(header.extras) of them extra," : ""
            throw error(
                "\(header.samples) samples\(extra) of \(header.bits) bits, format \(header.format), "
                    + "photometric interpretation \(header.photometric), are of no kind that is read")
        }
        var header = header
        var cut = align_ti_tiff_cut()
        if samples == .jpeg { align_ti_tiff_jpeg_as_rgb(handle) }
        guard align_ti_tiff_cut_of(handle, &header, Self.most, &cut) != 0 else {
            throw error("its strips or tiles are far larger than the picture")
        }
        var palette = [(UInt8, UInt8, UInt8)](repeating: (0, 0, 0), count: 256)
        if samples.hasPalette, align_ti_tiff_palette(handle, UInt32(header.bits), &palette) == 0 {
            throw error("it has no palette")
        }
        let decoded = try filled(size, hasAlpha: samples.hasAlpha, background) { pixels in
            if samples == .converted {
                let isDone = align_ti_tiff_rgba(handle, file, header.width, header.height, pixels)
                return isDone == 0 ? error() : nil
            }
            let count = size.width * size.height * samples.kept
            if samples.isAsShown {
                guard align_ti_tiff_samples(handle, &header, &cut, UInt32(samples.kept), pixels) != 0 else {
                    return error()
                }
                if samples == .premultiplied { TIFFSamples.unmultiply(pixels, count / 4) }
                return nil
            }
            let stored = UnsafeMutablePointer<UInt8>.allocate(capacity: count)
            defer { stored.deallocate() }
            guard align_ti_tiff_samples(handle, &header, &cut, UInt32(samples.kept), stored) != 0 else {
                return error()
            }
            samples.show(stored, count, bits: Int(header.bits), palette, pixels)
            return nil
        }
        return DecodedImage(
            image: decoded.image.turned(orientation), isTransparent: decoded.isTransparent)
    }
    /// The tag, or else what XMP says.
    private var orientation: Orientation {
        if header.orientation > 0 { return Orientation(rawValue: Int(header.orientation)) ?? .upright }
        var count: UInt32 = 0
        guard let packet = align_ti_tiff_xmp(handle, &count) else { return .upright }
        return ImageMetadata(xmp: Array(UnsafeBufferPointer(start: packet, count: Int(count)))).orientation
    }
}
