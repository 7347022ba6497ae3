/// The merges: a pair of ids to its rank and to the id it becomes.
struct MergeTable: Sendable {
    /// Key and value side by side, so that a lookup touches one cache line.
    private var slots: [UInt64]
    private let shift: UInt64
    private let mask: Int

    static let none = UInt64.max

    /// - Parameter capacity: how many pairs will be inserted at most
    init(capacity: Int) {
        var bits = 4
        while (1 << bits) * 5 < capacity * 8 { bits += 1 }
        slots = [UInt64](repeating: MergeTable.none, count: 2 << bits)
        shift = UInt64(64 - bits)
        mask = (1 << bits) - 1
    }

    @inline(__always)
    private func slot(_ key: UInt64) -> Int {
        Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> shift)
    }

    /// `rank << 32 | id` of a pair, or `none`: the smaller number is the earlier merge.
    @inline(__always)
    func find(_ left: Int32, _ right: Int32) -> UInt64 {
        let key = UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
        return slots.withUnsafeBufferPointer { slots in
            var index = slot(key)
            while true {
                let found = slots[2 * index]
                if found == key { return slots[2 * index + 1] }
                if found == MergeTable.none { return MergeTable.none }
                index = (index + 1) & mask
            }
        }
    }

    /// Sets a pair's rank; of a repeated pair the last rank counts.
    mutating func insert(_ left: Int32, _ right: Int32, rank: Int, id: Int32) {
        let key = UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
        var index = slot(key)
        while slots[2 * index] != MergeTable.none, slots[2 * index] != key { index = (index + 1) & mask }
        slots[2 * index] = key
        slots[2 * index + 1] = UInt64(rank) << 32 | UInt64(UInt32(bitPattern: id))
    }
}
