/// A fixed map from byte strings to ids: open addressing over one blob, so that a lookup allocates nothing.
struct ByteStringTable: Sendable {
    private var blob: [UInt8] = []
    private var ends: [Int] = [0]  // [entries + 1]
    private var ids: [Int32] = []  // [entries]
    /// Slot: the hash's upper half, then entry + 1; 0 is empty.
    private var slots: [UInt64]
    private let mask: Int

    /// - Parameter capacity: how many entries will be inserted at most
    init(capacity: Int) {
        var size = 16
        while size < capacity * 2 { size *= 2 }
        slots = [UInt64](repeating: 0, count: size)
        mask = size - 1
    }

    @inline(__always)
    private static func hash(_ key: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var hash = UInt64(truncatingIfNeeded: key.count) &* 0x9E37_79B9_7F4A_7C15
        let raw = UnsafeRawBufferPointer(key)
        var index = 0
        while index + 8 <= raw.count {
            hash = mix(hash, raw.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            index += 8
        }
        if index < raw.count {
            var last: UInt64 = 0
            while index < raw.count {
                last = last << 8 | UInt64(raw[index])
                index += 1
            }
            hash = mix(hash, last)
        }
        return hash
    }

    @inline(__always)
    private static func mix(_ hash: UInt64, _ word: UInt64) -> UInt64 {
        let product = (hash ^ word).multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
        return product.high ^ product.low ^ word
    }

    /// The id of `key`, or -1.
    @inline(__always)
    func find(_ key: UnsafeBufferPointer<UInt8>) -> Int32 {
        let hash = ByteStringTable.hash(key)
        let tag = hash >> 32
        return slots.withUnsafeBufferPointer { slots in
            var slot = Int(truncatingIfNeeded: hash) & mask
            while slots[slot] != 0 {
                if slots[slot] >> 32 == tag {
                    let entry = Int(slots[slot] & 0xFFFF_FFFF) - 1
                    let start = ends[entry]
                    if ends[entry + 1] - start == key.count,
                        blob.withUnsafeBufferPointer({ blob in
                            var index = 0
                            while index < key.count, blob[start + index] == key[index] { index += 1 }
                            return index == key.count
                        })
                    {
                        return ids[entry]
                    }
                }
                slot = (slot + 1) & mask
            }
            return -1
        }
    }

    func find(_ key: [UInt8]) -> Int32 { key.withUnsafeBufferPointer(find) }

    /// Adds a key; false when it is already there or when the table is full.
    mutating func insert(_ key: [UInt8], _ id: Int32) -> Bool {
        guard find(key) < 0, (ids.count + 1) * 2 <= slots.count else { return false }
        let hash = key.withUnsafeBufferPointer(ByteStringTable.hash)
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 { slot = (slot + 1) & mask }
        ids.append(id)
        blob += key
        ends.append(blob.count)
        slots[slot] = (hash >> 32) << 32 | UInt64(ids.count)
        return true
    }
}
