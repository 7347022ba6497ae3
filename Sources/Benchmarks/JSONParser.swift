/// A strict JSON reader over bytes that knows which line it is on.
struct JSONParser {
    /// Where reading stopped and why.
    struct Failure: Error {
        let line: Int
        let reason: String
    }

    private let bytes: UnsafeBufferPointer<UInt8>
    private var position: Int
    private let end: Int
    private var line: Int
    private var depth = 0

    /// Parses `bytes[range]` as exactly one document; `line` is the number of its first line.
    static func parse(
        _ bytes: UnsafeBufferPointer<UInt8>, range: Range<Int>, line: Int = 1
    ) throws(Failure) -> OrderedJSON {
        var parser = JSONParser(bytes: bytes, position: range.lowerBound, end: range.upperBound, line: line)
        let value = try parser.value()
        parser.skipSpace()
        guard parser.position == parser.end else {
            throw parser.failure("there is more text after the end of the value")
        }
        return value
    }

    private init(bytes: UnsafeBufferPointer<UInt8>, position: Int, end: Int, line: Int) {
        self.bytes = bytes
        self.position = position
        self.end = end
        self.line = line
    }

    private func failure(_ reason: String) -> Failure { Failure(line: line, reason: reason) }

    private mutating func skipSpace() {
        while position < end {
            switch bytes[position] {
            case 0x0A: line += 1
            case 0x20, 0x09, 0x0D: break
            default: return
            }
            position += 1
        }
    }

    private mutating func peek() throws(Failure) -> UInt8 {
        skipSpace()
        guard position < end else {
            throw failure("the text ends in the middle of a value (was the file cut off?)")
        }
        return bytes[position]
    }

    private mutating func value() throws(Failure) -> OrderedJSON {
        switch try peek() {
        case UInt8(ascii: "{"): return try nested { parser throws(Failure) in try parser.object() }
        case UInt8(ascii: "["): return try nested { parser throws(Failure) in try parser.array() }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        case let byte: throw failure("a value cannot start with \(describe(byte))")
        }
    }

    private mutating func nested(_ body: (inout JSONParser) throws(Failure) -> OrderedJSON) throws(Failure)
        -> OrderedJSON
    {
        guard depth < 256 else { throw failure("values are nested more than 256 deep") }
        depth += 1
        defer { depth -= 1 }
        position += 1
        return try body(&self)
    }

    private mutating func object() throws(Failure) -> OrderedJSON {
        var object = OrderedJSONObject(line: line)
        if try peek() == UInt8(ascii: "}") {
            position += 1
            return .object(object)
        }
        while true {
            guard try peek() == UInt8(ascii: "\"") else {
                throw failure("expected a member name in quotes, found \(describe(bytes[position]))")
            }
            let name = try string()
            guard try peek() == UInt8(ascii: ":") else {
                throw failure("expected ':' after the name \"\(name)\"")
            }
            position += 1
            object.append(name, try value())
            switch try peek() {
            case UInt8(ascii: ","): position += 1
            case UInt8(ascii: "}"):
                position += 1
                return .object(object)
            case let byte: throw failure("expected ',' or '}' after \"\(name)\", found \(describe(byte))")
            }
        }
    }

    private mutating func array() throws(Failure) -> OrderedJSON {
        var values: [OrderedJSON] = []
        if try peek() == UInt8(ascii: "]") {
            position += 1
            return .array(values)
        }
        while true {
            values.append(try value())
            switch try peek() {
            case UInt8(ascii: ","): position += 1
            case UInt8(ascii: "]"):
                position += 1
                return .array(values)
            case let byte: throw failure("expected ',' or ']' in an array, found \(describe(byte))")
            }
        }
    }

    private mutating func word(_ text: StaticString, _ value: OrderedJSON) throws(Failure) -> OrderedJSON {
        let count = text.utf8CodeUnitCount
        guard end - position >= count, (0..<count).allSatisfy({ bytes[position + $0] == text.utf8Start[$0] })
        else {
            throw failure("expected '\(text)'")
        }
        position += count
        return value
    }

    private mutating func number() throws(Failure) -> OrderedJSON {
        let start = position
        var isInteger = true
        scan: while position < end {
            switch bytes[position] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): break
            case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"), UInt8(ascii: "+"): isInteger = false
            default: break scan
            }
            position += 1
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isInteger, let value = Int(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else { throw failure("'\(text)' is not a number") }
        return .number(value)
    }

    private mutating func string() throws(Failure) -> String {
        position += 1
        let start = position
        while position < end, bytes[position] >= 0x20, bytes[position] != UInt8(ascii: "\""),
            bytes[position] != UInt8(ascii: "\\")
        {
            position += 1
        }
        if position < end, bytes[position] == UInt8(ascii: "\"") {
            defer { position += 1 }
            return try checked(bytes[start..<position])
        }
        var buffer = Array(bytes[start..<position])
        while position < end {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return try checked(buffer[...])
            case UInt8(ascii: "\\"): try escape(into: &buffer)
            case 0..<0x20:
                throw failure("a string holds the control character \(byte), which JSON writes as an escape")
            default: buffer.append(byte)
            }
        }
        throw failure("the text ends inside a string (was the file cut off?)")
    }

    private func checked(_ slice: some Collection<UInt8>) throws(Failure) -> String {
        guard let string = String(validating: slice, as: UTF8.self) else {
            throw failure("a string is not valid UTF-8")
        }
        return string
    }

    private mutating func escape(into buffer: inout [UInt8]) throws(Failure) {
        guard position < end else { throw failure("the text ends inside a string (was the file cut off?)") }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): buffer.append(byte)
        case UInt8(ascii: "b"): buffer.append(0x08)
        case UInt8(ascii: "f"): buffer.append(0x0C)
        case UInt8(ascii: "n"): buffer.append(0x0A)
        case UInt8(ascii: "r"): buffer.append(0x0D)
        case UInt8(ascii: "t"): buffer.append(0x09)
        case UInt8(ascii: "u"):
            var code = try hexadecimal()
            if (0xD800..<0xDC00).contains(code), end - position >= 6, bytes[position] == UInt8(ascii: "\\"),
                bytes[position + 1] == UInt8(ascii: "u")
            {
                let mark = position
                position += 2
                let low = try hexadecimal()
                if (0xDC00..<0xE000).contains(low) {
                    code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
                } else {
                    position = mark
                }
            }
            // Half of a surrogate pair is no code point; it cannot be told from any other such half once decoded.
            buffer.append(contentsOf: String(Unicode.Scalar(code) ?? "\u{FFFD}").utf8)
        default: throw failure("'\\\(describe(byte))' is not an escape")
        }
    }

    private mutating func hexadecimal() throws(Failure) -> UInt32 {
        guard end - position >= 4,
            let value = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
        else { throw failure("'\\u' needs four hexadecimal digits") }
        position += 4
        return value
    }

    private func describe(_ byte: UInt8) -> String {
        (0x21..<0x7F).contains(byte) ? "'\(Unicode.Scalar(byte))'" : "byte \(byte)"
    }
}
