import CZlib

/// Small data in zlib's format, in memory.
public enum Zlib {
    /// The content; nil where the data are damaged, cut short, or have more than `most` bytes.
    public static func inflated(_ compressed: [UInt8], most: Int) -> [UInt8]? {
        var stream = z_stream()
        guard inflateInit_(&stream, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            return nil
        }
        defer { inflateEnd(&stream) }
        var input = compressed
        var found: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 1 << 14)
        return input.withUnsafeMutableBufferPointer { input in
            (stream.next_in, stream.avail_in) = (input.baseAddress, UInt32(input.count))
            while true {
                let status = block.withUnsafeMutableBufferPointer { block in
                    (stream.next_out, stream.avail_out) = (block.baseAddress, UInt32(block.count))
                    return inflate(&stream, Z_NO_FLUSH)
                }
                let count = block.count - Int(stream.avail_out)
                guard status == Z_OK || status == Z_STREAM_END, count <= most - found.count else {
                    return nil
                }
                found += block[..<count]
                if status == Z_STREAM_END { return found }
                if count == 0 { return nil }
            }
        }
    }
}
