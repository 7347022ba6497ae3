import Foundation

/// Reads the elements of a JSON file that is one array (LLaVA's mixes exceed 1 GB) one at a time.
///
/// It finds where elements start and end by counting brackets outside strings; whether an element is valid
/// JSON shows when the caller decodes it.
public enum LargeJSONArray {
    /// Visits the elements in order.
    ///
    /// - Parameter body: gets the index (from 0), the byte offset of the element in the file and its bytes
    /// - Throws: `FilesError.corrupt` with the offset when the array is malformed or truncated, `.tooLarge`;
    ///   what `body` throws
    public static func forEach(
        of url: URL, elementLimit: Int = Limit.recordBytes.value,
        _ body: (_ index: Int, _ offset: Int, _ bytes: [UInt8]) throws -> Void
    ) throws {
        var scanner = JSONArrayScanner(path: url.path, elementLimit: elementLimit)
        try InputFile(url).forEachBlock { try scanner.scan($0, body) }
        try scanner.finish()
    }

    /// The first byte that is not white space (nor a byte order mark): `[` for an array, `{` for JSON Lines
    /// or an object.
    public static func firstByte(of url: URL) throws -> UInt8? {
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

/// Visits the records of a file that may be one JSON array or JSON Lines, as LLaVA data comes in both.
public enum JSONRecords {
    /// Where a record is: `line 7` or `element 6 at byte 1234`.
    public struct Place: Sendable, CustomStringConvertible {
        /// Of the line from 1, or of the element from 0.
        let number: Int
        /// Bytes before the element; nil for a line.
        let offset: Int?

        public var description: String {
            offset.map { "element \(number) at byte \($0)" } ?? "line \(number)"
        }
    }

    /// - Parameter body: gets where the record is and its bytes
    public static func forEach(of url: URL, _ body: (_ place: Place, _ bytes: [UInt8]) throws -> Void) throws
    {
        guard try LargeJSONArray.firstByte(of: url) != UInt8(ascii: "[") else {
            return try LargeJSONArray.forEach(of: url) { index, offset, bytes in
                try body(Place(number: index, offset: offset), bytes)
            }
        }
        try JSONLines.forEach(of: url) { line in
            try body(Place(number: line.number, offset: nil), line.bytes)
        }
    }
}

/// The state of a walk over a JSON array's bytes.
struct JSONArrayScanner {
    private enum Expected { case opening, elementOrClosing, element, commaOrClosing, nothing }

    let path: String
    let elementLimit: Int
    private var expected = Expected.opening
    private var offset = 0  // of the block in hand
    private var index = 0
    private var element: [UInt8] = []
    private var elementStart = 0
    private var isInElement = false
    private var depth = 0
    private var isInString = false
    private var isEscaped = false

    init(path: String, elementLimit: Int) {
        self.path = path
        self.elementLimit = elementLimit
    }

    mutating func scan(_ block: UnsafeRawBufferPointer, _ body: (Int, Int, [UInt8]) throws -> Void) throws {
        var i = 0
        var pieceStart = 0  // of the element's bytes in this block
        while i < block.count {
            let byte = block[i]
            if !isInElement {
                try between(byte, at: i)
                if isInElement { pieceStart = i } else { i += 1 }
                continue
            }
            let isEnd = try advance(byte, at: i)
            if isEnd {
                // A number or literal ends before the byte that shows it; a string or bracket with it.
                let isBracketed = element.first.map(Self.opens) ?? Self.opens(block[pieceStart])
                let end = isBracketed ? i + 1 : i
                try keep(block[pieceStart..<end])
                isInElement = false
                expected = .commaOrClosing
                try body(index, elementStart, element)
                index += 1
                element.removeAll(keepingCapacity: true)
                i = end
            } else {
                i += 1
            }
        }
        if isInElement { try keep(block[pieceStart...]) }
        offset += block.count
    }

    func finish() throws {
        guard expected != .nothing else { return }
        let problem =
            expected == .opening
            ? "empty, a JSON array should be here"
            : "truncated: the JSON array does not end (\(index) whole elements)"
        throw FilesError.corrupt(path: path, offset: offset, problem: problem)
    }

    private static func opens(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") || byte == UInt8(ascii: "\"")
    }

    private mutating func between(_ byte: UInt8, at i: Int) throws {
        if isJSONSpace(byte) { return }
        // A byte order mark may come first.
        if offset + i < 3, expected == .opening, [0xef, 0xbb, 0xbf].contains(byte) { return }
        switch (expected, byte) {
        case (.opening, UInt8(ascii: "[")): expected = .elementOrClosing
        case (.elementOrClosing, UInt8(ascii: "]")), (.commaOrClosing, UInt8(ascii: "]")): expected = .nothing
        case (.commaOrClosing, UInt8(ascii: ",")): expected = .element
        case (.elementOrClosing, _) where !",]}:".utf8.contains(byte),
            (.element, _) where !",]}:".utf8.contains(byte):
            isInElement = true
            elementStart = offset + i
            (depth, isInString, isEscaped) = (0, false, false)
        default:
            let wanted =
                switch expected {
                case .opening: "'[': the file should be one JSON array"
                case .elementOrClosing, .element: "an element"
                case .commaOrClosing: "',' or ']' after element \(index - 1)"
                case .nothing: "nothing after the array"
                }
            let found = byte > 0x20 && byte < 0x7f ? "'\(Character(UnicodeScalar(byte)))'" : "byte \(byte)"
            throw FilesError.corrupt(
                path: path, offset: offset + i, problem: "found \(found), expected \(wanted)")
        }
    }

    /// Takes one byte of an element; true when the element ends (with it, or before it for numbers and
    /// literals).
    @inline(__always)
    private mutating func advance(_ byte: UInt8, at i: Int) throws -> Bool {
        if isInString {
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isInString = false
                return depth == 0
            }
            return false
        }
        switch byte {
        case UInt8(ascii: "\""): isInString = true
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            if depth == 0 { return true }
            depth -= 1
            return depth == 0
        case UInt8(ascii: ","): return depth == 0
        default: return depth == 0 && isJSONSpace(byte)
        }
        return false
    }

    private mutating func keep(_ bytes: UnsafeRawBufferPointer.SubSequence) throws {
        guard bytes.count <= elementLimit - element.count else {
            throw FilesError.tooLarge(
                path: path, item: "element \(index) at byte \(elementStart)", limit: elementLimit,
                name: .recordBytes)
        }
        element.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes))
    }
}
