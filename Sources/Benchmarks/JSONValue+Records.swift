import Files

extension JSONValue {
    /// A number, or null where the value is undefined (a mean over nothing).
    public init(_ value: Double?) {
        if let value, value.isFinite { self = .double(value) } else { self = .null }
    }

    /// The member of an object at the end of a chain of names; nil where any of them is absent.
    public subscript(_ names: String...) -> JSONValue? {
        var value = self
        for name in names {
            guard case .object(let object) = value, let next = object[name] else { return nil }
            value = next
        }
        return value
    }

    /// An object written in place: `.of(("accuracy", .init(12.5)), ("n", .int(8)))`.
    public static func of(_ members: (String, JSONValue)...) -> JSONValue {
        .object(JSONObject(members.map { (name: $0.0, value: $0.1) }))
    }

    /// The document as text: UTF-8, members in order, on one line or indented by two spaces.
    public func encoded(indented: Bool = false) -> String { text(indented ? .indented : .line) }
}
