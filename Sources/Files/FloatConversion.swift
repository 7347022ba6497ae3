/// Loops between storage types and `Float`, simple enough for the compiler to vectorise.
enum FloatConversion {
    /// bfloat16 is the upper half of a float.
    static func widenBFloat16(_ source: UnsafeRawPointer, _ target: UnsafeMutablePointer<Float>, _ count: Int)
    {
        for i in 0..<count {
            let half = source.loadUnaligned(fromByteOffset: 2 &* i, as: UInt16.self)
            target[i] = Float(bitPattern: UInt32(truncatingIfNeeded: half) &<< 16)
        }
    }

    /// Shifting a half's exponent and fraction into a float's place leaves the exponent 112 too small;
    /// multiplying by 2^112 is exact for normal and subnormal halves. Infinity and NaN keep an all-ones
    /// exponent.
    static func widenFloat16(_ source: UnsafeRawPointer, _ target: UnsafeMutablePointer<Float>, _ count: Int)
    {
        let scale = Float(bitPattern: 239 << 23)  // 2^112
        for i in 0..<count {
            let half = UInt32(
                truncatingIfNeeded: source.loadUnaligned(fromByteOffset: 2 &* i, as: UInt16.self))
            let magnitude = (Float(bitPattern: (half & 0x7fff) &<< 13) * scale).bitPattern
            let special = (half & 0x7c00) == 0x7c00 ? 0x7f80_0000 as UInt32 : 0
            target[i] = Float(bitPattern: magnitude | special | (half & 0x8000) &<< 16)
        }
    }

    static func narrowFloat64(_ source: UnsafeRawPointer, _ target: UnsafeMutablePointer<Float>, _ count: Int)
    {
        for i in 0..<count {
            target[i] = Float(source.loadUnaligned(fromByteOffset: 8 &* i, as: Double.self))
        }
    }

    /// Round to nearest, ties to even; a NaN stays one.
    static func bfloat16(_ value: Float) -> UInt16 {
        let bits = value.bitPattern
        if value.isNaN { return UInt16(truncatingIfNeeded: bits >> 16) | 0x40 }
        return UInt16(truncatingIfNeeded: (bits &+ 0x7fff &+ ((bits >> 16) & 1)) >> 16)
    }
}
