import CZlib
import Foundation

/// The names in a zip's directory, in the order in which libarchive hands out the members: by their place.
///
/// libarchive makes names of UTF-8 into names of the process's locale, which in "C" has none beyond ASCII,
/// and composes their letters. Here they are what the file says.
struct ZipDirectory {
    private let bytes: [UInt8]
    /// Places of the entries in `bytes`.
    private let entries: [Int]

    /// nil where the file has no directory that can be read.
    init?(_ url: URL) throws {
        let file = try InputFile(url)
        let size = try file.size()
        // The end record: 22 bytes, and a comment of at most 65,535.
        let tailStart = max(0, size - 22 - 65_535 - 20)
        let tail = try Self.read(file, tailStart..<size)
        guard
            let end = stride(from: tail.count - 22, through: 0, by: -1).first(where: { at in
                Self.number(tail, at, 4) == 0x0605_4B50
                    && at + 22 + Self.number(tail, at + 20, 2) <= tail.count
            })
        else { return nil }
        var (length, behind) = (Self.number(tail, end + 12, 4), tailStart + end)
        if end >= 20, Self.number(tail, end - 20, 4) == 0x0706_4B50 {
            let place = Self.number(tail, end - 12, 8)
            guard (0...size - 56).contains(place) else { return nil }
            let large = try Self.read(file, place..<place + 56)
            guard Self.number(large, 0, 4) == 0x0606_4B50 else { return nil }
            (length, behind) = (Self.number(large, 40, 8), place)
        }
        guard (0...behind).contains(length) else { return nil }
        let bytes = try Self.read(file, behind - length..<behind)
        var found: [(offset: Int, at: Int)] = []
        var at = 0
        while at + 46 <= bytes.count, Self.number(bytes, at, 4) == 0x0201_4B50 {
            let lengths = [28, 30, 32].map { Self.number(bytes, at + $0, 2) }
            guard at + 46 + lengths.reduce(0, +) <= bytes.count else { return nil }
            found.append((Self.offset(bytes, at), at))
            at += 46 + lengths.reduce(0, +)
        }
        found.sort { ($0.offset, $0.at) < ($1.offset, $1.at) }
        // One member at a place, as libarchive has it.
        var kept: [Int] = []
        for (index, entry) in found.enumerated() where index == 0 || found[index - 1].offset != entry.offset {
            kept.append(entry.at)
        }
        (self.bytes, entries) = (bytes, kept)
    }

    /// The name of a member; nil beyond the last.
    func name(_ index: Int) -> String? {
        guard entries.indices.contains(index) else { return nil }
        let at = entries[index]
        let stored = bytes[at + 46..<at + 46 + Self.number(bytes, at + 28, 2)]
        if let name = Self.field(bytes, at, 0x7075), name.count > 5, name.first == 1,
            Self.number(Array(name), 1, 4) == Self.checksum(stored),
            let text = String(validating: name.dropFirst(5), as: UTF8.self)
        {
            return text
        }
        // Names that do not say that they are UTF-8 mostly are; the rest have the letters of the first PCs.
        return String(validating: stored, as: UTF8.self)
            ?? String(String.UnicodeScalarView(stored.map(Self.letter)))
    }

    /// Code page 437 from 0x80 on.
    private static let letters = Array(
        """
        ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
        αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{A0}
        """.unicodeScalars)

    private static func letter(_ byte: UInt8) -> Unicode.Scalar {
        byte < 0x80 ? Unicode.Scalar(byte) : letters[Int(byte) - 0x80]
    }

    // MARK: Bytes

    private static func read(_ file: InputFile, _ range: Range<Int>) throws -> [UInt8] {
        try file.seek(to: range.lowerBound)
        return try [UInt8](unsafeUninitializedCapacity: range.count) { buffer, filled in
            while filled < range.count {
                let count = try file.read(
                    into: UnsafeMutableRawBufferPointer(
                        rebasing: UnsafeMutableRawBufferPointer(buffer)[filled...]))
                guard count > 0 else { return }
                filled += count
            }
        }
    }

    /// A number in little endian; a very large one counts as -1, which is no place.
    private static func number(_ bytes: [UInt8], _ at: Int, _ size: Int) -> Int {
        guard at >= 0, at + size <= bytes.count else { return -1 }
        let value = bytes[at..<at + size].reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
        return Int(exactly: value) ?? -1
    }

    private static func checksum(_ bytes: ArraySlice<UInt8>) -> Int {
        Array(bytes).withUnsafeBufferPointer { Int(crc32(0, $0.baseAddress, UInt32($0.count))) }
    }

    /// An extra field of an entry.
    private static func field(_ bytes: [UInt8], _ entry: Int, _ id: Int) -> ArraySlice<UInt8>? {
        var at = entry + 46 + number(bytes, entry + 28, 2)
        let end = at + number(bytes, entry + 30, 2)
        while at + 4 <= end {
            let size = number(bytes, at + 2, 2)
            guard at + 4 + size <= end else { return nil }
            if number(bytes, at, 2) == id { return bytes[at + 4..<at + 4 + size] }
            at += 4 + size
        }
        return nil
    }

    /// Where the member stands; beyond 4 GiB in a field that holds, of three numbers, those without a place.
    private static func offset(_ bytes: [UInt8], _ entry: Int) -> Int {
        let short = number(bytes, entry + 42, 4)
        guard short == 0xFFFF_FFFF, let field = field(bytes, entry, 1) else { return short }
        let before = [20, 24].count { number(bytes, entry + $0, 4) == 0xFFFF_FFFF }
        return number(Array(field), 8 * before, 8)
    }
}
