/// A stream of random numbers that is a pure function of (seed, purpose, index). So what is drawn for one
/// image does not depend on how many numbers another one used, nor on the order or thread in which images are
/// made.
public struct RandomStream: Sendable {
    private var state: UInt64

    public init(seed: UInt64, purpose: String, index: Int = 0) {
        var name: UInt64 = 0xcbf2_9ce4_8422_2325  // FNV-1a of the purpose
        for byte in purpose.utf8 { name = (name ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let position = UInt64(truncatingIfNeeded: index) &* 0xd134_2543_de82_ef95
        state = Self.mixed(Self.mixed(seed &+ 0x9e37_79b9_7f4a_7c15) ^ name) ^ Self.mixed(position &+ name)
    }

    /// The finalizer of splitmix64.
    static func mixed(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        return Self.mixed(state)
    }

    /// An integer in `0 ..< bound`; `bound` must be positive.
    public mutating func below(_ bound: Int) -> Int {
        precondition(bound > 0, "RandomStream: bound is \(bound), expected at least 1")
        return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    public mutating func within(_ range: ClosedRange<Int>) -> Int { range.lowerBound + below(range.count) }

    /// A number in [0, 1).
    public mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    public mutating func chance(_ probability: Double) -> Bool { unit() < probability }

    public mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

    /// An index of `weights`, drawn with probability proportional to its weight.
    public mutating func weighted(_ weights: [Int]) -> Int {
        var left = below(weights.reduce(0, +))
        for (index, weight) in weights.enumerated() {
            if left < weight { return index }
            left -= weight
        }
        return weights.count - 1
    }

    public mutating func shuffled<Element>(_ elements: [Element]) -> [Element] {
        var result = elements
        for index in stride(from: result.count - 1, to: 0, by: -1) { result.swapAt(index, below(index + 1)) }
        return result
    }
}
