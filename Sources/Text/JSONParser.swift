/// Reads JSON from bytes; errors carry the byte offset.
struct JSONParser {
    private let file: String
    private let text: UnsafeBufferPointer<UInt8>
    private var offset = 0
    private var depth = 0

    /// Deeper nesting than any tokenizer has; a bound keeps a hostile file from exhausting the stack.
    private static let maximumDepth = 64

    static func parse(_ bytes: [UInt8], file: String) throws -> JSONValue {
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw TextError.malformedJSON(
                file: file, offset: invalidUTF8Offset(bytes), expected: "valid UTF-8")
        }
        return try bytes.withUnsafeBufferPointer { text in
            var parser = JSONParser(file: file, text: text)
            let value = try parser.value()
            parser.skipSpace()
            guard parser.offset == text.count else { throw parser.expected("the end of the file") }
            return value
        }
    }

    private init(file: String, text: UnsafeBufferPointer<UInt8>) {
        self.file = file
        self.text = text
        if text.starts(with: [0xEF, 0xBB, 0xBF]) { offset = 3 }
    }

    private static func invalidUTF8Offset(_ bytes: [UInt8]) -> Int {
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var offset = 0
        while case .scalarValue(let scalar) = decoder.decode(&iterator) { offset += UTF8.width(scalar) }
        return offset
    }

    private func expected(_ what: String) -> TextError {
        .malformedJSON(file: file, offset: offset, expected: what)
    }

    private var next: UInt8? { offset < text.count ? text[offset] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
    }

    private mutating func take(_ byte: Character) throws {
        skipSpace()
        guard let found = next, found == byte.asciiValue else { throw expected("'\(byte)'") }
        offset += 1
    }

    private mutating func word(_ word: StaticString, _ value: JSONValue) throws -> JSONValue {
        let bytes = UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
        guard text.count - offset >= bytes.count, text[offset..<offset + bytes.count].elementsEqual(bytes)
        else {
            throw expected("\(word)")
        }
        offset += bytes.count
        return value
    }

    private mutating func value() throws -> JSONValue {
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func nested<Result>(_ body: (inout JSONParser) throws -> Result) throws -> Result {
        guard depth < JSONParser.maximumDepth else {
            throw expected("at most \(JSONParser.maximumDepth) nested levels")
        }
        depth += 1
        defer { depth -= 1 }
        return try body(&self)
    }

    private mutating func object() throws -> JSONValue {
        try nested { parser in
            try parser.take("{")
            var members: [JSONValue.Member] = []
            parser.skipSpace()
            if parser.next == UInt8(ascii: "}") {
                parser.offset += 1
                return .object([])
            }
            while true {
                parser.skipSpace()
                guard parser.next == UInt8(ascii: "\"") else { throw parser.expected("a key in quotes") }
                let key = try parser.string()
                try parser.take(":")
                members.append(.init(key: key, value: try parser.value()))
                parser.skipSpace()
                if parser.next == UInt8(ascii: ",") {
                    parser.offset += 1
                } else {
                    try parser.take("}")
                    return .object(members)
                }
            }
        }
    }

    private mutating func array() throws -> JSONValue {
        try nested { parser in
            try parser.take("[")
            var values: [JSONValue] = []
            parser.skipSpace()
            if parser.next == UInt8(ascii: "]") {
                parser.offset += 1
                return .array([])
            }
            while true {
                values.append(try parser.value())
                parser.skipSpace()
                if parser.next == UInt8(ascii: ",") {
                    parser.offset += 1
                } else {
                    try parser.take("]")
                    return .array(values)
                }
            }
        }
    }

    private mutating func number() throws -> JSONValue {
        let start = offset
        var integer = 0
        while let byte = next, (0x30...0x39).contains(byte), offset - start < 18 {
            integer = integer * 10 + Int(byte - 0x30)
            offset += 1
        }
        // Most of a vocabulary: a few digits and a comma.
        if offset > start, let byte = next, [0x2C, 0x7D, 0x0A].contains(byte) {
            return .integer(integer)
        }
        while let byte = next, "+-.eE0123456789".utf8.contains(byte) { offset += 1 }
        let written = String(decoding: text[start..<offset], as: UTF8.self)
        if let integer = Int(written) { return .integer(integer) }
        if let decimal = Double(written), decimal.isFinite { return .decimal(decimal) }
        offset = start
        throw expected("a value")
    }

    /// The string at the opening quote, unescaped.
    private mutating func string() throws -> [UInt8] {
        offset += 1
        var start = offset
        var bytes: [UInt8] = []
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                bytes.append(contentsOf: text[start..<offset])
                offset += 1
                return bytes
            case UInt8(ascii: "\\"):
                bytes.append(contentsOf: text[start..<offset])
                offset += 1
                try escape(into: &bytes)
                start = offset
            case 0..<0x20: throw expected("an escape in place of a control character")
            default: offset += 1
            }
        }
        throw expected("a closing quote")
    }

    private mutating func escape(into bytes: inout [UInt8]) throws {
        guard let letter = next else { throw expected("an escape") }
        offset += 1
        switch letter {
        case UInt8(ascii: "n"): bytes.append(0x0A)
        case UInt8(ascii: "t"): bytes.append(0x09)
        case UInt8(ascii: "r"): bytes.append(0x0D)
        case UInt8(ascii: "b"): bytes.append(0x08)
        case UInt8(ascii: "f"): bytes.append(0x0C)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(letter)
        case UInt8(ascii: "u"):
            var code = try hexadecimal()
            if (0xD800..<0xDC00).contains(code) {
                guard text.count - offset >= 6, text[offset] == UInt8(ascii: "\\"),
                    text[offset + 1] == UInt8(ascii: "u")
                else { throw expected("the second half of a surrogate pair") }
                offset += 2
                let low = try hexadecimal()
                guard (0xDC00..<0xE000).contains(low) else {
                    throw expected("the second half of a surrogate pair")
                }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else {
                throw expected("a code point that is no lone surrogate")
            }
            bytes.append(contentsOf: String(Character(scalar)).utf8)
        default:
            offset -= 1
            throw expected("one of the escapes \" \\ / b f n r t u")
        }
    }

    private mutating func hexadecimal() throws -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw expected("four hexadecimal digits")
            }
            code = code << 4 | UInt32(digit)
            offset += 1
        }
        return code
    }
}
