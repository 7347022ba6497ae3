/// Non-negative integers below a limit in ceil(log2 limit) bits each, least significant bit first, no gaps
/// between them.
package enum PackedIntegers {
    package static func bits(limit: Int) -> Int {
        limit <= 1 ? 1 : Int.bitWidth - (limit - 1).leadingZeroBitCount
    }

    package static func byteCount(_ count: Int, limit: Int) -> Int { (count * bits(limit: limit) + 7) / 8 }

    package static func pack(_ values: [Int32], limit: Int) -> [UInt8] {
        let bits = bits(limit: limit)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(byteCount(values.count, limit: limit))
        var (buffer, held): (UInt64, Int) = (0, 0)
        for value in values {
            buffer |= UInt64(UInt32(bitPattern: value)) << held
            held += bits
            while held >= 8 {
                bytes.append(UInt8(truncatingIfNeeded: buffer))
                buffer >>= 8
                held -= 8
            }
        }
        if held > 0 { bytes.append(UInt8(truncatingIfNeeded: buffer)) }
        return bytes
    }

    /// - Returns: nil when there are too few bytes or a value reaches the limit
    package static func unpack(_ bytes: [UInt8], count: Int, limit: Int) -> [Int32]? {
        guard bytes.count == byteCount(count, limit: limit) else { return nil }
        let bits = bits(limit: limit)
        let mask = UInt64(1) << bits - 1
        var values: [Int32] = []
        values.reserveCapacity(count)
        var (buffer, held, next): (UInt64, Int, Int) = (0, 0, 0)
        for _ in 0..<count {
            while held < bits {
                buffer |= UInt64(bytes[next]) << held
                next += 1
                held += 8
            }
            let value = buffer & mask
            guard value < UInt64(limit) else { return nil }
            values.append(Int32(truncatingIfNeeded: value))
            buffer >>= bits
            held -= bits
        }
        return values
    }
}
