import Foundation

/// One element of an array, or one member of an object, of a JSON file.
public struct JSONItem: Sendable {
    /// Place among its neighbours, from 0.
    public let index: Int
    /// Name of a member; nil for an element.
    public let name: String?
    /// Bytes of the file before the value.
    public let offset: Int
    /// The value, which nobody has parsed yet.
    public let bytes: [UInt8]

    /// Name of the item in errors: `element 6 at byte 1234`, `member '0711' at byte 1234`.
    public var place: String {
        "\(name.map { "member '\(Excerpt.of($0))'" } ?? "element \(index)") at byte \(offset)"
    }
}

/// Reads the elements of an array, or the members of an object, that stands somewhere in a JSON file, one at
/// a time and in memory for one: files of many hundred megabytes are often one object of lists.
///
/// What is passed over is held to its brackets and strings alone; whether an item is valid JSON shows when
/// the caller parses it. Several readers may walk through one file side by side.
public final class JSONItems {
    /// What stands at the place.
    public enum Kind: String, Sendable {
        case array = "an array"
        case object = "an object"
    }

    private let file: InputFile
    private let block = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
    private var blockStart = 0  // bytes of the file before the block
    private var (count, position) = (0, 0)  // bytes in the block, and of those the ones behind us
    private let path: [String]
    private let kind: Kind
    private let itemLimit: Int
    private var index = 0
    private var isAtEnd = false

    /// Opens the file and goes to the place.
    ///
    /// - Parameters:
    ///   - path: names of the members that lead from the top to it, such as `["data", "dialogs"]`
    ///   - itemLimit: the most bytes that one item may have
    /// - Throws: `FilesError.badField` where the place is missing or holds something else, `.corrupt` with
    ///   the offset, `.missing`
    public init(
        _ url: URL, at path: [String] = [], _ kind: Kind, itemLimit: Int = Limit.recordBytes.value
    ) throws {
        file = try InputFile(url)
        (self.path, self.kind, self.itemLimit) = (path, kind, itemLimit)
        for mark: UInt8 in [0xef, 0xbb, 0xbf] {
            if try peek() == mark { position += 1 }
        }
        for (depth, name) in path.enumerated() { try enter(name, depth) }
        try open(kind == .array ? UInt8(ascii: "[") : UInt8(ascii: "{"), path.count, kind)
    }

    deinit { block.deallocate() }

    /// The next item; nil at the end, which is the end of the whole file: what stands behind the place has
    /// been passed over and found whole by then.
    ///
    /// - Throws: `FilesError.corrupt` with the offset, `.tooLarge` for an item beyond the limit
    public func next() throws -> JSONItem? {
        guard !isAtEnd else { return nil }
        let closing = kind == .array ? UInt8(ascii: "]") : UInt8(ascii: "}")
        if try isClosed(closing, isFirst: index == 0) {
            try finish()
            isAtEnd = true
            return nil
        }
        let name = kind == .object ? try memberName() : nil
        let start = try valueStart()
        let place = kind == .array ? "element \(index)" : "the value"
        let item = JSONItem(
            index: index, name: name, offset: start, bytes: try value(keeping: true, as: place))
        index += 1
        return item
    }

    // MARK: Going to the place, and from it to the end

    private func enter(_ name: String, _ depth: Int) throws {
        try open(UInt8(ascii: "{"), depth, .object)
        var isFirst = true
        while try !isClosed(UInt8(ascii: "}"), isFirst: isFirst) {
            if try memberName().utf8.elementsEqual(name.utf8) { return }
            _ = try value(keeping: false)
            isFirst = false
        }
        throw bad(depth + 1, found: "missing", expected: depth + 1 == path.count ? kind : .object)
    }

    private func open(_ bracket: UInt8, _ depth: Int, _ kind: Kind) throws {
        guard let byte = try significant() else { throw truncated() }
        guard byte == bracket else { throw bad(depth, found: "something else", expected: kind) }
        position += 1
    }

    /// The objects around the place: they must close, and may not name what was entered once more, as the
    /// last of two counts everywhere else.
    private func finish() throws {
        for depth in path.indices.reversed() {
            while try !isClosed(UInt8(ascii: "}"), isFirst: false) {
                guard try !memberName().utf8.elementsEqual(path[depth].utf8) else {
                    throw corrupt("has '\(outside: path[0...depth].joined(separator: "."))' twice")
                }
                _ = try value(keeping: false)
            }
        }
        if let byte = try significant() { throw unexpected(byte, "nothing behind the document") }
    }

    /// Whether the bracket closes here; passes over it, or over the comma before the next item.
    private func isClosed(_ bracket: UInt8, isFirst: Bool) throws -> Bool {
        guard let byte = try significant() else { throw truncated() }
        if byte == bracket {
            position += 1
            return true
        }
        guard !isFirst else { return false }
        guard byte == UInt8(ascii: ",") else { throw unexpected(byte, "',' or '\(Unicode.Scalar(bracket))'") }
        position += 1
        return false
    }

    /// The name of a member, and the colon behind it.
    private func memberName() throws -> String {
        guard let byte = try significant() else { throw truncated() }
        guard byte == UInt8(ascii: "\"") else { throw unexpected(byte, "the name of a member") }
        let start = offset
        let bytes = try value(keeping: true, as: "the name")
        guard case .string(let name)? = try? JSONValue(parsing: bytes) else {
            throw FilesError.corrupt(
                path: file.path, offset: start, problem: "the name of a member is no JSON string")
        }
        guard let colon = try significant() else { throw truncated() }
        guard colon == UInt8(ascii: ":") else { throw unexpected(colon, "':'") }
        position += 1
        return name
    }

    // MARK: Bytes

    private var offset: Int { blockStart + position }

    /// The byte in front; nil at the end of the file.
    private func peek() throws -> UInt8? {
        if position == count {
            blockStart += count
            position = 0
            count = try file.read(into: block)
        }
        return position < count ? block[position] : nil
    }

    /// The next byte that is no white space, which stays in front.
    private func significant() throws -> UInt8? {
        while let byte = try peek() {
            guard isJSONSpace(byte) else { return byte }
            position += 1
        }
        return nil
    }

    private func valueStart() throws -> Int {
        guard let byte = try significant() else { throw truncated() }
        guard !",]}:".utf8.contains(byte) else { throw unexpected(byte, "a value") }
        return offset
    }

    /// Passes over one value by counting brackets outside strings.
    ///
    /// - Parameter item: what it is, for the error of one that is too large
    private func value(keeping: Bool, as item: String = "") throws -> [UInt8] {
        let start = try valueStart()
        var kept: [UInt8] = []
        var extent = JSONExtent()
        while !extent.isDone {
            guard try peek() != nil else { throw truncated() }
            let piece = extent.take(UnsafeRawBufferPointer(rebasing: block[position..<count]))
            position += piece.count
            guard keeping else { continue }
            guard piece.count <= itemLimit - kept.count else {
                throw FilesError.tooLarge(
                    path: file.path, item: "\(item) at byte \(start)", limit: itemLimit, name: .recordBytes)
            }
            kept.append(contentsOf: piece)
        }
        return kept
    }

    // MARK: Errors

    private func corrupt(_ problem: String) -> FilesError {
        .corrupt(path: file.path, offset: offset, problem: problem)
    }

    private func truncated() -> FilesError { corrupt("truncated: the JSON document does not end") }

    private func unexpected(_ byte: UInt8, _ expected: String) -> FilesError {
        let found = byte > 0x20 && byte < 0x7f ? "'\(Character(Unicode.Scalar(byte)))'" : "byte \(byte)"
        return corrupt("found \(found), expected \(expected)")
    }

    private func bad(_ depth: Int, found: String, expected: Kind) -> FilesError {
        .badField(
            place: file.path, field: path.prefix(depth).joined(separator: "."), found: found,
            expected: expected.rawValue)
    }
}

/// Where a JSON value ends, found block by block.
private struct JSONExtent {
    private(set) var isDone = false
    private var depth = 0
    private var isInString = false
    private var isEscaped = false

    /// The bytes at the front of a block that belong to the value.
    mutating func take(_ block: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var position = 0
        while position < block.count, !isDone {
            let byte = block[position]
            if isInString {
                position += 1
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                    isDone = depth == 0
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                isDone = depth <= 0
                // A number or literal ends before what shows it; brackets end with theirs.
                if depth < 0 { continue }
            case UInt8(ascii: ","), 0x20, 0x09, 0x0a, 0x0d:
                isDone = depth == 0
                if isDone { continue }
            default: break
            }
            position += 1
        }
        return UnsafeRawBufferPointer(rebasing: block[..<position])
    }
}
