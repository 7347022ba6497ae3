import Files

/// How numbers are stored in a GGUF file.
public enum GGUFType: String, CaseIterable, Sendable, Codable {
    case f32, f16, bf16
    /// Blocks of 32 numbers of a row: a scale in half precision, then each number in units of it, a byte.
    case q8 = "q8_0"

    /// Number of the type in a tensor's entry.
    var code: UInt32 {
        switch self {
        case .f32: 0
        case .f16: 1
        case .bf16: 30
        case .q8: 8
        }
    }

    /// `general.file_type` of a file whose matrices are of this type.
    var fileType: UInt32 {
        switch self {
        case .f32: 0
        case .f16: 1
        case .bf16: 32
        case .q8: 7
        }
    }

    /// Numbers of a block of `q8_0`; rows are whole blocks.
    static let block = 32
    private static let blockBytes = 2 + block

    /// Bytes of some numbers; for `q8_0` a multiple of 32.
    package func byteCount(_ count: Int) -> Int {
        switch self {
        case .f32: 4 * count
        case .f16, .bf16: 2 * count
        case .q8: count / Self.block * Self.blockBytes
        }
    }

    /// The largest magnitude that stays finite: half precision ends at 65504, and what is nearer to it than
    /// to 65536 is rounded to it. 127 units of a scale make the largest number of a block.
    var limit: Float {
        switch self {
        case .f32: .infinity
        case .bf16: Float(bitPattern: 0x7f7f_8000)  // half way from the largest to what would be the next
        case .f16: 65520
        case .q8: 65520 * 127
        }
    }

    /// Writes numbers in this type, little endian.
    package func write(_ values: UnsafeBufferPointer<Float>, to sink: any ByteSink) throws {
        switch self {
        case .f32: try SafeTensorsWriter.write(values, as: .float32, to: sink)
        case .f16: try SafeTensorsWriter.write(values, as: .float16, to: sink)
        case .bf16: try SafeTensorsWriter.write(values, as: .bfloat16, to: sink)
        case .q8:
            let step = Self.block * 2048
            for start in stride(from: 0, to: values.count, by: step) {
                let part = UnsafeBufferPointer(rebasing: values[start..<min(values.count, start + step)])
                try sink.write(Self.blocks(part))
            }
        }
    }

    /// The blocks of some rows. The scale is the largest magnitude over 127, and a half is rounded away from
    /// zero, as ggml's own quantiser does.
    package static func blocks(_ values: UnsafeBufferPointer<Float>) -> [UInt8] {
        precondition(values.count % block == 0, "q8_0: \(values.count) values are no whole blocks")
        let count = values.count / block * blockBytes
        return [UInt8](unsafeUninitializedCapacity: count) { bytes, initialized in
            initialized = count
            let raw = UnsafeMutableRawBufferPointer(bytes)
            for index in 0..<values.count / block {
                let place = index * blockBytes
                let row = UnsafeBufferPointer(rebasing: values[index * block..<(index + 1) * block])
                var largest: Float = 0
                for value in row { largest = value.magnitude > largest ? value.magnitude : largest }
                let unit = largest / 127
                // Below it the inverse is infinite, and the unit 0 in half precision.
                let inverse = unit < .leastNormalMagnitude ? 0 : 1 / unit
                raw.storeBytes(
                    of: Float16(unit).bitPattern.littleEndian, toByteOffset: place, as: UInt16.self)
                for i in 0..<block {
                    let scaled = (row[i] * inverse).rounded(.toNearestOrAwayFromZero)
                    raw.storeBytes(of: Int8(scaled), toByteOffset: place + 2 + i, as: Int8.self)
                }
            }
        }
    }
}
