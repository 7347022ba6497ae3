/// A place in a JSON file: the value and the path an error names it by.
struct Field {
    let file: String
    let path: String
    let value: JSONValue

    func error(expected: String) -> TextError {
        .badField(file: file, field: path, found: value.kind, expected: expected)
    }

    func unsupported(_ supported: String) -> TextError {
        .unsupported(file: file, field: path, found: value.kind, supported: supported)
    }

    private func child(_ name: String, _ value: JSONValue) -> Field {
        Field(file: file, path: path.isEmpty ? name : "\(path).\(name)", value: value)
    }

    /// The member of that name, nil where it is absent or null.
    func optional(_ name: String) throws -> Field? {
        guard case .object(let members) = value else { throw error(expected: "an object") }
        guard let member = members.last(where: { $0.key.elementsEqual(name.utf8) }) else { return nil }
        if case .null = member.value { return nil }
        return child(name, member.value)
    }

    func required(_ name: String) throws -> Field {
        if let field = try optional(name) { return field }
        throw TextError.badField(
            file: file, field: path.isEmpty ? name : "\(path).\(name)", found: "missing", expected: "a value")
    }

    func elements() throws -> [Field] {
        guard case .array(let values) = value else { throw error(expected: "an array") }
        return values.enumerated().map { Field(file: file, path: "\(path)[\($0.offset)]", value: $0.element) }
    }

    func bytes() throws -> [UInt8] {
        guard case .string(let bytes) = value else { throw error(expected: "a string") }
        return bytes
    }

    func string() throws -> String { String(decoding: try bytes(), as: UTF8.self) }

    func bool() throws -> Bool {
        guard case .bool(let value) = value else { throw error(expected: "true or false") }
        return value
    }

    func integer(in range: ClosedRange<Int>) throws -> Int {
        guard case .integer(let number) = value, range.contains(number) else {
            throw error(expected: "an integer from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func bool(_ name: String, default standard: Bool) throws -> Bool {
        try optional(name)?.bool() ?? standard
    }

    /// A `{"String": "…"}` pattern.
    func stringPattern() throws -> [UInt8] {
        if let regex = try optional("Regex") { throw regex.unsupported("{\"String\": …} here") }
        let bytes = try required("String").bytes()
        guard !bytes.isEmpty else { throw error(expected: "a pattern that is not empty") }
        return bytes
    }
}
