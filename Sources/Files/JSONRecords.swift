import Foundation

/// Visits the records of a file that may be one JSON array or JSON Lines, as LLaVA data comes in both.
public enum JSONRecords {
    /// Where a record is: `line 7` or `element 6 at byte 1234`.
    public struct Place: Sendable, CustomStringConvertible {
        /// Of the line from 1, or of the element from 0.
        public let number: Int
        /// Bytes before the element; nil for a line.
        public let offset: Int?

        public init(number: Int, offset: Int?) {
            (self.number, self.offset) = (number, offset)
        }

        public var description: String {
            offset.map { "element \(number) at byte \($0)" } ?? "line \(number)"
        }
    }

    /// - Parameter body: gets where the record is and its bytes
    /// - Throws: `FilesError.corrupt` with the offset where an array is malformed or truncated, `.tooLarge`;
    ///   what `body` throws
    public static func forEach(of url: URL, _ body: (_ place: Place, _ bytes: [UInt8]) throws -> Void) throws
    {
        guard try firstByte(of: url) != UInt8(ascii: "[") else {
            let items = try JSONItems(url, .array)
            while let item = try items.next() {
                try body(Place(number: item.index, offset: item.offset), item.bytes)
            }
            return
        }
        try JSONLines.forEach(of: url) { line in
            try body(Place(number: line.number, offset: nil), line.bytes)
        }
    }

    /// The first byte that is not white space (nor a byte order mark): `[` for an array, `{` for JSON Lines.
    private static func firstByte(of url: URL) throws -> UInt8? {
        let file = try InputFile(url)
        var found: UInt8?
        let block = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 16)
        defer { block.deallocate() }
        while found == nil, case let count = try file.read(into: block), count > 0 {
            found = block[..<count].first { !isJSONSpace($0) && $0 != 0xef && $0 != 0xbb && $0 != 0xbf }
        }
        return found
    }
}
