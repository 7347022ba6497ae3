/// A JSON value as the file has it: the members of objects keep their order, integers are exact, and strings
/// are the file's code points.
///
/// Two values are equal when they say the same: the order of members does not count, 3 is 3.0, and texts are
/// compared code point by code point (to Swift's `==` the NFC and NFD forms of a text are equal, to a
/// vocabulary they are not).
public enum JSONValue: Sendable {
    case null
    case bool(Bool)
    case int(Int)
    /// Written with a fraction or an exponent, or too large for `Int`.
    case double(Double)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    /// A number; `int` when it is whole, text (`inf`, `nan`) when JSON has no way to write it.
    public static func number(_ value: Double) -> JSONValue {
        guard value.isFinite else { return .string("\(value)") }
        return Int(exactly: value).map { .int($0) } ?? .double(value)
    }

    /// The member of an object; nil for anything else.
    public subscript(name: String) -> JSONValue? {
        if case .object(let object) = self { return object[name] }
        return nil
    }

    /// The number, whole or not; nil for anything else.
    public var double: Double? {
        switch self {
        case .int(let value): Double(value)
        case .double(let value): value
        default: nil
        }
    }

    /// The whole number, which may be written `3.0`; nil for anything else.
    public var int: Int? {
        switch self {
        case .int(let value): value
        case .double(let value): Int(exactly: value)
        default: nil
        }
    }

    /// The text; nil for anything else.
    public var string: String? { if case .string(let text) = self { text } else { nil } }

    /// What is no object, or an empty one, by dotted names in their order: of a recipe all settings.
    public func leaves(_ name: String = "") -> [(name: String, value: JSONValue)] {
        guard case .object(let object) = self, !object.members.isEmpty else { return [(name, self)] }
        return object.sortedMembers.flatMap { member in
            member.value.leaves(name.isEmpty ? member.name : "\(name).\(member.name)")
        }
    }

    /// Name of the value in error messages: itself where it is short.
    public var shown: String {
        switch self {
        case .string(let text): return JSONValue.shown(text: text.utf8)
        case .array(let values):
            let text = values.count > 16 ? [] : bytes(.line)
            return (1...60).contains(text.count)
                ? String(decoding: text, as: UTF8.self) : "an array of \(values.count)"
        case .object(let object): return "an object of \(object.members.count) keys"
        case .null, .bool, .int, .double: return text(.line)
        }
    }

    /// Name of a text of these bytes in error messages.
    public static func shown(text bytes: some Sequence<UInt8>) -> String {
        // A text may be longer than the memory of a copy is worth.
        "\"\(outside: String(decoding: Array(bytes.prefix(8 * Excerpt.most)), as: UTF8.self))\""
    }
}

extension JSONValue: Equatable {
    public static func == (left: JSONValue, right: JSONValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.int(let a), .int(let b)): a == b
        case (.double(let a), .double(let b)): a == b
        case (.int(let a), .double(let b)), (.double(let b), .int(let a)): Int(exactly: b) == a
        case (.string(let a), .string(let b)): a.utf8.elementsEqual(b.utf8)
        case (.array(let a), .array(let b)): a == b
        case (.object(let a), .object(let b)): a == b
        default: false
        }
    }
}

extension JSONValue: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral, ExpressibleByStringLiteral,
    ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByNilLiteral
{
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(JSONObject(elements.map { (name: $0.0, value: $0.1) }))
    }
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int) { self = .int(value) }
    public init(floatLiteral value: Double) { self = .number(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(nilLiteral: ()) { self = .null }
}

/// For types that are `Codable` and hold a value of any kind; files are read with `init(parsing:)`.
extension JSONValue: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int.self) {
            self = .int(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .array(value)
        } else {
            self = .object(JSONObject(try container.decode([String: JSONValue].self)))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .int(let value): try container.encode(value)
        case .double(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let object):
            try container.encode(
                Dictionary(object.members.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 }))
        }
    }
}
