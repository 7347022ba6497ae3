import Files
import Foundation

/// The fields of a JSON object, read with checks whose errors name the file and the field.
struct Fields {
    let file: String
    let path: String  // of the object inside the file: "" or "text_config."
    let object: JSONObject

    init(file: String, path: String = "", object: JSONObject) {
        (self.file, self.path, self.object) = (file, path, object)
    }

    /// Reads a whole file.
    init(_ url: URL) throws {
        let bytes: [UInt8]
        do { bytes = [UInt8](try Data(contentsOf: url)) } catch {
            throw ModelsError.noWeights(
                folder: url.path, problem: "cannot be read; a model folder needs this file")
        }
        let parsed: JSONValue
        do { parsed = try JSONValue(parsing: bytes) } catch {
            throw ModelsError.notAnObject(file: url.path, problem: "is not valid JSON (\(error))")
        }
        guard case .object(let object) = parsed else {
            throw ModelsError.notAnObject(file: url.path, problem: "holds \(parsed.shown)")
        }
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
    func integer(_ key: String, default standard: Int? = nil, in range: ClosedRange<Int> = 1...(1 << 24))
        throws -> Int
    {
        let expected = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        switch self[key] {
        case nil:
            guard let standard else { throw bad(key, expected) }
            return standard
        case .int(let value)? where range.contains(value): return value
        case .double(let value)?:
            guard let whole = Int(exactly: value), range.contains(whole) else { throw bad(key, expected) }
            return whole
        default: throw bad(key, expected)
        }
    }

    /// A positive finite number.
    func number(_ key: String, default standard: Double) throws -> Double {
        switch self[key] {
        case nil: return standard
        case .int(let value)? where value > 0: return Double(value)
        case .double(let value)? where value > 0 && value.isFinite: return value
        default: throw bad(key, "a positive number")
        }
    }

    func flag(_ key: String, default standard: Bool) throws -> Bool {
        switch self[key] {
        case nil: return standard
        case .bool(let value)?: return value
        default: throw bad(key, "true or false")
        }
    }

    func text(_ key: String, default standard: String? = nil) throws -> String {
        switch self[key] {
        case .string(let value)?: return value
        case nil:
            guard let standard else { throw bad(key, "a text") }
            return standard
        default: throw bad(key, "a text")
        }
    }

    /// One of the raw values of an enum.
    func choice<Choice: RawRepresentable & CaseIterable>(_ key: String, default standard: Choice? = nil)
        throws -> Choice
    where Choice.RawValue == String {
        let expected = "one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))"
        guard self[key] != nil || standard == nil else {
            return standard ?? Choice.allCases[Choice.allCases.startIndex]
        }
        guard case .string(let name)? = self[key], let choice = Choice(rawValue: name) else {
            throw bad(key, expected)
        }
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
        case .array(let list)?: found = list
        case let one?: found = [one]
        }
        return try found.map {
            guard case .int(let value) = $0, let id = Int32(exactly: value) else {
                throw bad(key, "a token id or a list of them")
            }
            return id
        }
    }
}

extension JSONValue {
    /// For error messages.
    var shown: String {
        switch self {
        case .null: "null"
        case .bool(let flag): "\(flag)"
        case .int(let integer): "\(integer)"
        case .double(let number): "\(number)"
        case .string(let text): "'\(text)'"
        case .array(let list): "[\(list.map(\.shown).joined(separator: ", "))]"
        case .object: "an object"
        }
    }

    /// The value as an indented file with sorted keys.
    var configurationFile: [UInt8] { bytes(.pretty) + [0x0A] }
}
