/// Turn that makes a stored picture upright: EXIF tag 0x0112, values 1 to 8.
public enum Orientation: Int, Sendable, CaseIterable {
    case upright = 1
    case mirrored, turnedHalf, flipped, transposed, turnClockwise, transversed, turnCounterclockwise

    /// The tag in an EXIF block (a TIFF header and its first directory); nil where it has none or is damaged.
    static func tag(in bytes: [UInt8]) -> Int? {
        let littleEndian: Bool
        switch bytes.prefix(4) {
        case [0x49, 0x49, 0x2A, 0]: littleEndian = true
        case [0x4D, 0x4D, 0, 0x2A]: littleEndian = false
        default: return nil
        }
        func number(at offset: Int, size: Int) -> Int? {
            guard offset >= 0, offset <= bytes.count - size else { return nil }
            let part = bytes[offset..<offset + size]
            return (littleEndian ? Array(part.reversed()) : Array(part)).reduce(0) { $0 << 8 | Int($1) }
        }
        guard let directory = number(at: 4, size: 4), let entries = number(at: directory, size: 2) else {
            return nil
        }
        for entry in 0..<entries {
            let at = directory + 2 + 12 * entry
            guard let tag = number(at: at, size: 2), let type = number(at: at + 2, size: 2) else {
                return nil
            }
            guard tag == 0x0112 else { continue }
            // a short as the standard says; a byte or a long is what some writers leave
            guard let size = [1: 1, 3: 2, 4: 4][type], number(at: at + 4, size: 4) == 1 else { return nil }
            return number(at: at + 8, size: size)
        }
        return nil
    }
}

extension RGBImage {
    /// The picture turned as `orientation` asks; 5...8 swap width and height.
    public func turned(_ orientation: Orientation) -> RGBImage {
        let (w, h) = (width, height)
        // Pixel (x, y) of the result is stored pixel start + x * across + y * down.
        let start: Int
        let across: Int
        let down: Int
        switch orientation {
        case .upright: return self
        case .mirrored: (start, across, down) = (w - 1, -1, w)
        case .turnedHalf: (start, across, down) = (w * h - 1, -1, -w)
        case .flipped: (start, across, down) = (w * (h - 1), 1, -w)
        case .transposed: (start, across, down) = (0, w, 1)
        case .turnClockwise: (start, across, down) = (w * (h - 1), -w, 1)
        case .transversed: (start, across, down) = (w * h - 1, -w, -1)
        case .turnCounterclockwise: (start, across, down) = (w - 1, w, -1)
        }
        let swaps = orientation.rawValue >= 5
        let (columns, rows) = swaps ? (h, w) : (w, h)
        let turned = [UInt8](unsafeUninitializedCapacity: pixels.count) { into, count in
            pixels.withUnsafeBufferPointer { from in
                var out = 0
                for y in 0..<rows {
                    var pixel = 3 * (start + y * down)
                    for _ in 0..<columns {
                        into[out] = from[pixel]
                        into[out + 1] = from[pixel + 1]
                        into[out + 2] = from[pixel + 2]
                        out += 3
                        pixel += 3 * across
                    }
                }
            }
            count = pixels.count
        }
        return RGBImage(width: columns, height: rows, pixels: turned)
    }
}
