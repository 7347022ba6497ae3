import Foundation

/// A JSON value whose numbers keep their kind, so that a configuration can be written back as it was read.
enum JSONValue: Codable, Equatable, Sendable {
    case null
    case flag(Bool)
    case integer(Int)
    case number(Double)
    case text(String)
    case list([JSONValue])
    case object([String: JSONValue])

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let flag = try? value.decode(Bool.self) {
            self = .flag(flag)
        } else if let integer = try? value.decode(Int.self) {
            self = .integer(integer)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let list = try? value.decode([JSONValue].self) {
            self = .list(list)
        } else {
            self = .object(try value.decode([String: JSONValue].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .flag(let flag): try container.encode(flag)
        case .integer(let integer): try container.encode(integer)
        case .number(let number): try container.encode(number)
        case .text(let text): try container.encode(text)
        case .list(let list): try container.encode(list)
        case .object(let object): try container.encode(object)
        }
    }

    /// For error messages.
    var shown: String {
        switch self {
        case .null: "null"
        case .flag(let flag): "\(flag)"
        case .integer(let integer): "\(integer)"
        case .number(let number): "\(number)"
        case .text(let text): "'\(text)'"
        case .list(let list): "[\(list.map(\.shown).joined(separator: ", "))]"
        case .object: "an object"
        }
    }

    /// The value as an indented file with sorted keys.
    func serialized() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
    }
}

/// The fields of a JSON object, read with checks whose errors name the file and the field.
struct Fields {
    let file: String
    let path: String  // of the object inside the file: "" or "text_config."
    let object: [String: JSONValue]

    init(file: String, path: String = "", object: [String: JSONValue]) {
        (self.file, self.path, self.object) = (file, path, object)
    }

    /// Reads a whole file.
    init(_ url: URL) throws {
        let data: Data
        do { data = try Data(contentsOf: url) } catch {
            throw ModelsError.noWeights(folder: url.path, problem: "cannot be read; a model folder needs this file")
        }
        let parsed: JSONValue
        do { parsed = try JSONDecoder().decode(JSONValue.self, from: data) } catch {
            throw ModelsError.notAnObject(file: url.path, problem: "is not valid JSON")
        }
        guard case .object(let object) = parsed else { throw ModelsError.notAnObject(file: url.path, problem: "holds \(parsed.shown)") }
        self.init(file: url.path, object: object)
    }

    /// The value, or nil where it is absent or null.
    subscript(_ key: String) -> JSONValue? {
        guard let value = object[key], value != .null else { return nil }
        return value
    }

    func bad(_ key: String, _ expected: String) -> ModelsError {
        .badField(file: file, field: path + key, found: self[key]?.shown ?? "missing", expected: expected)
    }

    /// A whole number in `range`; without a default it must be there.
    func integer(_ key: String, default standard: Int? = nil, in range: ClosedRange<Int> = 1...(1 << 24)) throws -> Int {
        let expected = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        switch self[key] {
        case nil:
            guard let standard else { throw bad(key, expected) }
            return standard
        case .integer(let value)? where range.contains(value): return value
        case .number(let value)?:
            guard let whole = Int(exactly: value), range.contains(whole) else { throw bad(key, expected) }
            return whole
        default: throw bad(key, expected)
        }
    }

    /// A positive finite number.
    func number(_ key: String, default standard: Double) throws -> Double {
        switch self[key] {
        case nil: return standard
        case .integer(let value)? where value > 0: return Double(value)
        case .number(let value)? where value > 0 && value.isFinite: return value
        default: throw bad(key, "a positive number")
        }
    }

    func flag(_ key: String, default standard: Bool) throws -> Bool {
        switch self[key] {
        case nil: return standard
        case .flag(let value)?: return value
        default: throw bad(key, "true or false")
        }
    }

    func text(_ key: String, default standard: String? = nil) throws -> String {
        switch self[key] {
        case .text(let value)?: return value
        case nil:
            guard let standard else { throw bad(key, "a text") }
            return standard
        default: throw bad(key, "a text")
        }
    }

    /// One of the raw values of an enum.
    func choice<Choice: RawRepresentable & CaseIterable>(_ key: String, default standard: Choice? = nil) throws -> Choice
    where Choice.RawValue == String {
        let expected = "one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))"
        guard self[key] != nil || standard == nil else { return standard ?? Choice.allCases[Choice.allCases.startIndex] }
        guard case .text(let name)? = self[key], let choice = Choice(rawValue: name) else { throw bad(key, expected) }
        return choice
    }

    func object(_ key: String) throws -> Fields? {
        switch self[key] {
        case nil: return nil
        case .object(let object)?: return Fields(file: file, path: path + key + ".", object: object)
        default: throw bad(key, "an object")
        }
    }

    /// A token id or a list of them; empty where absent.
    func ids(_ key: String) throws -> [Int32] {
        let found: [JSONValue]
        switch self[key] {
        case nil: return []
        case .list(let list)?: found = list
        case let one?: found = [one]
        }
        return try found.map {
            guard case .integer(let value) = $0, let id = Int32(exactly: value) else { throw bad(key, "a token id or a list of them") }
            return id
        }
    }
}
