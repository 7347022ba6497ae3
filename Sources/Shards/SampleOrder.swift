/// The order in which an epoch reads the samples: a pure function of seed, epoch and the sizes of the shards.
///
/// The shards are put in random order and taken in groups of `together`; the samples of a group are shuffled
/// among each other. So a reader that holds `together` shards reads each shard once per epoch, and with
/// `together` at least the number of shards all samples are shuffled among each other. Both shuffles are
/// Fisher-Yates from the end, driven by SplitMix64 streams keyed by (seed, epoch, group). A resumed run,
/// another machine and another number of workers find the same order.
public struct SampleOrder: Sendable, Equatable {
    private let permutation: [Int]

    /// How many samples an epoch has.
    public var count: Int { permutation.count }

    /// The sample at a position of the epoch, both from 0.
    public subscript(position: Int) -> Int { permutation[position] }

    /// - Parameters:
    ///   - shardSizes: samples of each shard, in the order of the index
    ///   - together: how many shards are shuffled among each other; at least 1
    public init(shardSizes: [Int], together: Int, seed: UInt64, epoch: Int) {
        precondition(together > 0, "SampleOrder: \(together) shards together")
        var first: [Int] = []  // sample number each shard starts with
        var total = 0
        for size in shardSizes {
            first.append(total)
            total += size
        }
        var shards = Array(shardSizes.indices)
        var stream = SplitMix64(seed: seed, epoch: epoch, stream: 0)
        stream.shuffle(&shards)
        var permutation: [Int] = []
        permutation.reserveCapacity(total)
        for (group, start) in stride(from: 0, to: shards.count, by: together).enumerated() {
            var samples = shards[start..<min(start + together, shards.count)].flatMap {
                first[$0]..<first[$0] + shardSizes[$0]
            }
            var stream = SplitMix64(seed: seed, epoch: epoch, stream: UInt64(group) + 1)
            stream.shuffle(&samples)
            permutation += samples
        }
        self.permutation = permutation
    }

    /// All `count` samples shuffled among each other.
    public init(count: Int, seed: UInt64, epoch: Int) {
        self.init(shardSizes: [count], together: 1, seed: seed, epoch: epoch)
    }
}

/// Steele, Lea and Flood's generator: the n-th number is a hash of (key, n).
private struct SplitMix64 {
    private var state: UInt64

    init(seed: UInt64, epoch: Int, stream: UInt64) {
        state = seed
        state = next() ^ UInt64(truncatingIfNeeded: epoch)
        state = next() ^ stream
        state = next()
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Uniform in 0..<bound: multiply and keep the high word, drawing again in the biased rest.
    mutating func below(_ bound: UInt64) -> UInt64 {
        while true {
            let (high, low) = next().multipliedFullWidth(by: bound)
            if low >= (0 &- bound) % bound { return high }
        }
    }

    mutating func shuffle(_ items: inout [Int]) {
        for i in stride(from: items.count - 1, to: 0, by: -1) { items.swapAt(i, Int(below(UInt64(i) + 1))) }
    }
}
