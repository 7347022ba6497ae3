/// A strict reader over bytes that knows where it is.
struct JSONParser {
    let bytes: UnsafeBufferPointer<UInt8>
    var position = 0
    let end: Int
    private var line: Int
    private var depth = 0
    private let depthLimit: Int
    private var valuesLeft = Limit.jsonValues.value
    let replacesLoneSurrogates: Bool

    init(bytes: UnsafeBufferPointer<UInt8>, line: Int, depthLimit: Int, replacesLoneSurrogates: Bool) {
        (self.bytes, end, self.line) = (bytes, bytes.count, line)
        (self.depthLimit, self.replacesLoneSurrogates) = (depthLimit, replacesLoneSurrogates)
    }

    mutating func document() throws(JSONFailure) -> JSONValue {
        if end - position >= 3, bytes[position] == 0xEF, bytes[position + 1] == 0xBB,
            bytes[position + 2] == 0xBF
        {
            position += 3
        }
        let value = try value()
        skipSpace()
        guard position == end else {
            throw failure("there is more text after the end of the value", expected: "the end of the file")
        }
        return value
    }

    func failure(_ reason: String, expected: String, at offset: Int? = nil) -> JSONFailure {
        JSONFailure(offset: offset ?? position, line: line, reason: reason, expected: expected)
    }

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

    /// The next byte that is no space.
    private mutating func peek(_ expected: StaticString) throws(JSONFailure) -> UInt8 {
        skipSpace()
        guard position < end else {
            throw failure(
                "the text ends in the middle of a value (was the file cut off?)", expected: "\(expected)")
        }
        return bytes[position]
    }

    private mutating func value() throws(JSONFailure) -> JSONValue {
        valuesLeft -= 1
        guard valuesLeft >= 0 else {
            throw failure(
                "there are more than \(Limit.jsonValues.value) values",
                expected: "fewer; \(Limit.variable)='json_values=…' allows more, see docs/limits.md")
        }
        switch try peek("a value") {
        case UInt8(ascii: "{"):
            try enter()
            defer { depth -= 1 }
            return try object()
        case UInt8(ascii: "["):
            try enter()
            defer { depth -= 1 }
            return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        case let byte:
            try refusePythonNumber()
            throw failure("a value cannot start with \(describe(byte))", expected: "a value")
        }
    }

    /// Numbers that Python's `json` writes and JSON does not have.
    private func refusePythonNumber() throws(JSONFailure) {
        for name in ["NaN", "Infinity", "-Infinity"]
        where bytes[position..<end].prefix(name.utf8.count).elementsEqual(name.utf8) {
            throw failure("\(name) is no number of JSON", expected: "a number, or null")
        }
    }

    private mutating func enter() throws(JSONFailure) {
        guard depth < depthLimit else {
            throw failure(
                "values are nested more than \(depthLimit) deep",
                expected: "at most \(depthLimit) nested levels")
        }
        depth += 1
        position += 1
    }

    private mutating func object() throws(JSONFailure) -> JSONValue {
        var object = JSONObject([], line: line)
        if try peek("a key in quotes") == UInt8(ascii: "}") {
            position += 1
            return .object(object)
        }
        while true {
            guard try peek("a key in quotes") == UInt8(ascii: "\"") else {
                throw failure(
                    "expected a member name in quotes, found \(describe(bytes[position]))",
                    expected: "a key in quotes")
            }
            let name = try string()
            guard try peek("':'") == UInt8(ascii: ":") else {
                throw failure("expected ':' after the name \"\(outside: name)\"", expected: "':'")
            }
            position += 1
            object.append(name, try value())
            switch try peek("'}'") {
            case UInt8(ascii: ","): position += 1
            case UInt8(ascii: "}"):
                position += 1
                return .object(object)
            case let byte:
                throw failure(
                    "expected ',' or '}' after \"\(outside: name)\", found \(describe(byte))", expected: "'}'"
                )
            }
        }
    }

    private mutating func array() throws(JSONFailure) -> JSONValue {
        var values: [JSONValue] = []
        if try peek("a value") == UInt8(ascii: "]") {
            position += 1
            return .array(values)
        }
        while true {
            values.append(try value())
            switch try peek("']'") {
            case UInt8(ascii: ","): position += 1
            case UInt8(ascii: "]"):
                position += 1
                return .array(values)
            case let byte:
                throw failure("expected ',' or ']' in an array, found \(describe(byte))", expected: "']'")
            }
        }
    }

    private mutating func word(_ text: StaticString, _ value: JSONValue) throws(JSONFailure) -> JSONValue {
        let count = text.utf8CodeUnitCount
        guard end - position >= count, (0..<count).allSatisfy({ bytes[position + $0] == text.utf8Start[$0] })
        else {
            throw failure("expected '\(text)'", expected: "\(text)")
        }
        position += count
        return value
    }

    private mutating func skipDigits() -> Int {
        let start = position
        while position < end, (0x30...0x39).contains(bytes[position]) { position += 1 }
        return position - start
    }

    private mutating func number() throws(JSONFailure) -> JSONValue {
        let start = position
        try refusePythonNumber()
        if bytes[position] == UInt8(ascii: "-") { position += 1 }
        let first = position
        let digits = skipDigits()
        var isValid = digits == 1 || (digits > 1 && bytes[first] != UInt8(ascii: "0"))
        var isInteger = true
        if position < end, bytes[position] == UInt8(ascii: ".") {
            isInteger = false
            position += 1
            isValid = skipDigits() > 0 && isValid
        }
        if position < end, bytes[position] | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            position += 1
            if position < end, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") {
                position += 1
            }
            isValid = skipDigits() > 0 && isValid
        }
        if isValid, isInteger, digits <= 18 {
            let value = bytes[first..<position].reduce(0) { $0 * 10 + Int($1 - 0x30) }
            return .int(first > start ? -value : value)
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isValid, isInteger, let value = Int(text) { return .int(value) }
        guard isValid, let value = Double(text), value.isFinite else {
            throw failure("'\(outside: text)' is not a number", expected: "a value", at: start)
        }
        return .double(value)
    }

    func describe(_ byte: UInt8) -> String {
        (0x21..<0x7F).contains(byte) ? "'\(Unicode.Scalar(byte))'" : "byte \(byte)"
    }
}
