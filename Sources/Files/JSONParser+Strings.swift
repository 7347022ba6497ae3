/// Strings: their escapes, and that they are text.
extension JSONParser {
    /// The string at the opening quote, unescaped.
    mutating func string() throws(JSONFailure) -> String {
        position += 1
        let start = position
        while position < end, bytes[position] >= 0x20, bytes[position] != UInt8(ascii: "\""),
            bytes[position] != UInt8(ascii: "\\")
        {
            position += 1
        }
        if position < end, bytes[position] == UInt8(ascii: "\"") {
            defer { position += 1 }
            return try checked(bytes[start..<position], from: start)
        }
        var buffer = Array(bytes[start..<position])
        while position < end {
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                defer { position += 1 }
                return try checked(buffer, from: start)
            case UInt8(ascii: "\\"):
                position += 1
                try escape(into: &buffer)
            case 0..<0x20:
                throw failure(
                    "a string holds the control character \(byte), which JSON writes as an escape",
                    expected: "an escape in place of a control character")
            default:
                buffer.append(byte)
                position += 1
            }
        }
        throw failure("the text ends inside a string (was the file cut off?)", expected: "a closing quote")
    }

    /// The text of a string that stands between `start` and here.
    private func checked(_ text: some Collection<UInt8>, from start: Int) throws(JSONFailure) -> String {
        if let string = String(validating: text, as: UTF8.self) { return string }
        // Escapes are ASCII and stand for whole code points, so what is wrong is wrong in the file's bytes
        // too.
        var decoder = UTF8()
        var iterator = bytes[start..<position].makeIterator()
        var offset = start
        while case .scalarValue(let scalar) = decoder.decode(&iterator) { offset += UTF8.width(scalar) }
        throw failure("a string is not valid UTF-8", expected: "valid UTF-8", at: offset)
    }

    private mutating func escape(into buffer: inout [UInt8]) throws(JSONFailure) {
        guard position < end else {
            throw failure("the text ends inside a string (was the file cut off?)", expected: "an escape")
        }
        let byte = bytes[position]
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): buffer.append(byte)
        case UInt8(ascii: "b"): buffer.append(0x08)
        case UInt8(ascii: "f"): buffer.append(0x0C)
        case UInt8(ascii: "n"): buffer.append(0x0A)
        case UInt8(ascii: "r"): buffer.append(0x0D)
        case UInt8(ascii: "t"): buffer.append(0x09)
        case UInt8(ascii: "u"):
            position += 1
            return try codePoint(into: &buffer)
        default:
            throw failure(
                "'\\\(describe(byte))' is not an escape", expected: "one of the escapes \" \\ / b f n r t u")
        }
        position += 1
    }

    /// The hexadecimal digits of one escape, or of two that are a surrogate pair.
    private mutating func codePoint(into buffer: inout [UInt8]) throws(JSONFailure) {
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
        let scalar = Unicode.Scalar(code)
        guard scalar != nil || replacesLoneSurrogates else {
            throw failure(
                "an escape is half of a surrogate pair", expected: "a code point that is no lone surrogate")
        }
        // Which half it was cannot be told once it is decoded.
        buffer.append(contentsOf: String(Character(scalar ?? "\u{FFFD}")).utf8)
    }

    private mutating func hexadecimal() throws(JSONFailure) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard position < end, let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else {
                throw failure("'\\u' needs four hexadecimal digits", expected: "four hexadecimal digits")
            }
            code = code << 4 | UInt32(digit)
            position += 1
        }
        return code
    }
}
