/// Makes inputs of others: bits, bytes, numbers, pieces, and words that parsers look for.
struct Mutator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    private static let words: [[UInt8]] = [
        "\"", "\\", "{", "}", "[", "]", ",", ":", "null", "true", "-1", "0", "1e999", "1e-9", "0.5", "nan",
        "9223372036854775807", "9223372036854775808", "-9223372036854775808", "18446744073709551615",
        "4294967296",
        "2147483648", "16777216", "\\ud800", "\\u0000", "\\ud83d\\ude00", "\n", "\r\n", "\t", " ", "\0", "é",
        "\u{301}", "\u{FEFF}", "\u{2028}", "<image>", "<|end|>", "../", "/", "*a", "&a", "<<", "? ", "- ",
        "!!", "|",
        "#", "'", "%", "@", "=", "==", "data_offsets", "__metadata__", "shape", "[[[[[[[[", "{\"a\":",
    ].map { Array($0.utf8) }

    private mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state &* 0x2545_F491_4F6C_DD1D
    }

    private mutating func below(_ count: Int) -> Int {
        count <= 1 ? 0 : Int(truncatingIfNeeded: next() >> 33) % count
    }

    /// A part of at most `most` bytes.
    private mutating func part(of bytes: [UInt8], most: Int = 4096) -> Range<Int> {
        let start = below(bytes.count + 1)
        return start..<min(bytes.count, start + below(min(most, bytes.count - start) + 1))
    }

    /// One of the inputs, changed in one to eight ways.
    ///
    /// - Parameter good: how many of the inputs, the first, are good ones: half of all are made of them
    mutating func mutated(_ pool: [[UInt8]], good: Int) -> [UInt8] {
        guard !pool.isEmpty else { return [] }
        var bytes = pool[below(below(2) == 0 ? good : pool.count)]
        for _ in 0...below(below(4) == 0 ? 8 : 2) { change(&bytes, pool) }
        return Array(bytes.prefix(Board.mostInputBytes))
    }

    private mutating func change(_ bytes: inout [UInt8], _ pool: [[UInt8]]) {
        guard !bytes.isEmpty else {
            bytes = Self.words[below(Self.words.count)]
            return
        }
        let at = below(bytes.count)
        switch below(12) {
        case 0, 1: bytes[at] ^= 1 << UInt8(below(8))
        case 2: bytes[at] = UInt8(truncatingIfNeeded: next())
        case 3: bytes[at] = [0, 0xFF, 0x7F, 0x80, 0x20, 0x0A][below(6)]
        case 4: bytes.removeSubrange(part(of: bytes))
        case 5: bytes.insert(contentsOf: Array(bytes[part(of: bytes)]), at: at)
        case 6, 7: bytes.insert(contentsOf: Self.words[below(Self.words.count)], at: at)
        case 8:
            let range = part(of: bytes, most: 16)
            bytes.replaceSubrange(range, with: Self.words[below(Self.words.count)])
        case 9:
            let other = pool[below(pool.count)]
            bytes.replaceSubrange(part(of: bytes), with: other[part(of: other)])
        case 10: number(&bytes, at)
        default: repeatPart(&bytes, at)
        }
    }

    /// A number of 2, 4 or 8 bytes, of either order, that is near an end of what it can be.
    private mutating func number(_ bytes: inout [UInt8], _ at: Int) {
        let size = [2, 4, 8][below(3)]
        guard at + size <= bytes.count else { return }
        let value: UInt64 = [0, 1, .max, .max >> 1, 1 << 31, UInt64(bytes.count), next()][below(7)]
        let isBigEndian = below(2) == 0
        for index in 0..<size {
            bytes[at + index] = UInt8(
                truncatingIfNeeded: value >> UInt64(8 * (isBigEndian ? size - 1 - index : index)))
        }
    }

    /// A part many times over: depth, length, and what grows with them.
    private mutating func repeatPart(_ bytes: inout [UInt8], _ at: Int) {
        let piece =
            below(3) == 0 ? Self.words[below(Self.words.count)] : Array(bytes[part(of: bytes, most: 8)])
        guard !piece.isEmpty else { return }
        let times = 1 << below(below(8) == 0 ? 15 : 8)
        bytes.insert(contentsOf: Array(repeatElement(piece, count: times).joined()).prefix(1 << 17), at: at)
    }
}
