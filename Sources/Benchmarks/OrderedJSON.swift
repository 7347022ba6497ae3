import Files

/// A JSON document as the file has it: members keep their order, integers stay integers, and strings are compared
/// code point by code point by those who need it (Foundation's reader keeps neither order nor number type).
public enum OrderedJSON: Sendable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([OrderedJSON])
    case object(OrderedJSONObject)

    /// What an error message calls this value: "a string", "an integer", ...
    var kind: String {
        switch self {
        case .null: "null"
        case .bool: "true or false"
        case .integer: "an integer"
        case .number: "a number with a fraction"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }

    /// The number, integer or not; nil for anything else.
    public var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    /// A number, or null where the value is undefined (a mean over nothing).
    public init(_ value: Double?) {
        if let value, value.isFinite { self = .number(value) } else { self = .null }
    }

    /// The member of an object at the end of a chain of names; nil where any of them is absent.
    public subscript(_ names: String...) -> OrderedJSON? {
        var value = self
        for name in names {
            guard case .object(let object) = value, let next = object[name] else { return nil }
            value = next
        }
        return value
    }
}

/// The members of an object in file order, and the line its `{` stands on (1-based; 0 where it came from no file).
public struct OrderedJSONObject: Sendable {
    public var members: [(name: String, value: OrderedJSON)]
    public let line: Int

    public init(_ members: [(name: String, value: OrderedJSON)] = [], line: Int = 0) {
        self.members = members
        self.line = line
    }

    /// Of members with the same name the last wins, as in Python.
    public subscript(_ name: String) -> OrderedJSON? {
        members.last { $0.name.utf8.elementsEqual(name.utf8) }?.value
    }

    mutating func append(_ name: String, _ value: OrderedJSON) { members.append((name, value)) }
}

extension OrderedJSON {
    /// An object written in place: `.of(("accuracy", .init(12.5)), ("n", .integer(8)))`.
    public static func of(_ members: (String, OrderedJSON)...) -> OrderedJSON {
        .object(OrderedJSONObject(members.map { (name: $0.0, value: $0.1) }))
    }

    /// The document as text: UTF-8, members in order, on one line or indented by two spaces.
    public func encoded(indented: Bool = false) -> String {
        var text = ""
        write(to: &text, indent: indented ? 0 : nil)
        return text
    }

    private func write(to text: inout String, indent: Int?) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .number(let value): text += value.isFinite ? String(value) : "null"
        case .string(let value): text += JSONText.quote(value)
        case .array(let values):
            OrderedJSON.writeList(values, brackets: ("[", "]"), to: &text, indent: indent) {
                value, text, inner in
                value.write(to: &text, indent: inner)
            }
        case .object(let object):
            OrderedJSON.writeList(object.members, brackets: ("{", "}"), to: &text, indent: indent) {
                member, text, inner in
                text += JSONText.quote(member.name)
                text += ": "
                member.value.write(to: &text, indent: inner)
            }
        }
    }

    private static func writeList<Element>(
        _ elements: [Element], brackets: (String, String), to text: inout String, indent: Int?,
        writeElement: (Element, inout String, Int?) -> Void
    ) {
        text += brackets.0
        for (index, element) in elements.enumerated() {
            if index > 0 { text += indent == nil ? ", " : "," }
            if let indent { text += "\n" + String(repeating: "  ", count: indent + 1) }
            writeElement(element, &text, indent.map { $0 + 1 })
        }
        if let indent, !elements.isEmpty { text += "\n" + String(repeating: "  ", count: indent) }
        text += brackets.1
    }
}
