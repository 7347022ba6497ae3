/// Run lengths of a BMP's pixels, as Pillow reads them.
struct BMPRuns {
    private let bytes: [UInt8]
    private let width, pixels: Int
    private let hasHalfBytes: Bool
    private var position: Int

    init(_ bytes: [UInt8], _ header: BMPHeader) {
        self.bytes = bytes
        (width, pixels) = (header.width, header.width * header.height)
        (hasHalfBytes, position) = (header.hasHalfByteRuns, header.start)
    }

    /// `count` bytes, or those that are left.
    private mutating func take(_ count: Int) -> ArraySlice<UInt8> {
        let start = min(position, bytes.count)
        let taken = bytes[start...].prefix(count)
        position = start + taken.count
        return taken
    }

    /// The indices row by row from the file's first row; nil where the runs end before the last pixel.
    mutating func indices() -> [UInt8]? {
        var found: [UInt8] = []
        var x = 0  // in the row
        reading: while found.count < pixels {
            let pair = Array(take(2))
            guard pair.count == 2 else { break }
            let (count, value) = (Int(pair[0]), pair[1])
            switch (count, value) {
            case (0, 0):  // the end of a row, which may have ended by itself
                if found.count % width != 0 { skip(width - found.count % width, &found) }
                x = 0
            case (0, 1): break reading
            case (0, 2):
                let step = Array(take(2))
                guard step.count == 2 else { break reading }
                skip(Int(step[0]) + Int(step[1]) * width, &found)
                x = found.count % width
            case (0, _):
                guard copy(Int(value), &found) else { break reading }
                x += Int(value)
            default:
                let fitting = max(0, min(count, width - x))
                for i in 0..<fitting {
                    found.append(hasHalfBytes ? (i % 2 == 0 ? value >> 4 : value & 15) : value)
                }
                x += fitting
            }
        }
        return found.count < pixels ? nil : found
    }

    private func skip(_ count: Int, _ found: inout [UInt8]) {
        found.append(contentsOf: repeatElement(0, count: max(0, min(count, pixels - found.count))))
    }

    /// Copies pixels that are no run; false where the file, or the picture, ends with them.
    private mutating func copy(_ count: Int, _ found: inout [UInt8]) -> Bool {
        let wanted = min(count, pixels - found.count)
        let stored = take(hasHalfBytes ? (wanted + 1) / 2 : wanted)
        if hasHalfBytes {
            for (i, byte) in stored.enumerated() {
                found.append(byte >> 4)
                if 2 * i + 1 < wanted { found.append(byte & 15) }
            }
        } else {
            found.append(contentsOf: stored)
        }
        guard stored.count == (hasHalfBytes ? (wanted + 1) / 2 : wanted), found.count < pixels else {
            return false
        }
        position += position % 2
        return true
    }
}
