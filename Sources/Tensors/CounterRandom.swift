import Foundation

/// Random numbers as a pure function of a key and a counter, so that they do not depend on batch make-up,
/// rank or resume.
///
/// The mixing function is SplitMix64's finaliser (Steele, Lea, Flood 2014), applied once per word of the key.
public struct CounterRandom: Sendable {
    private var state: UInt64

    /// - Parameter key: what the stream belongs to, such as (seed, sample, step, position)
    public init(_ key: UInt64...) {
        state = 0x9E37_79B9_7F4A_7C15
        for word in key { state = Self.mix(state &+ word &* 0xBF58_476D_1CE4_E5B9 &+ 0x9E37_79B9_7F4A_7C15) }
    }

    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// The next 64 random bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mix(state)
    }

    /// Uniform in [0, 1), 53 bits.
    public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// Standard normal, by Box and Muller's transform.
    public mutating func normal() -> Double {
        let radius = (-2 * log(1 - uniform())).squareRoot()
        return radius * cos(2 * .pi * uniform())
    }
}
