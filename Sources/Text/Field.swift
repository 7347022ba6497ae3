import Files

/// A place in a JSON file: the value and the path an error names it by.
struct Field {
    let file: String
    let path: String
    let value: JSONValue

    /// The top of a JSON file.
    static func top(of json: [UInt8], file: String) throws -> Field {
        do { return Field(file: file, path: "", value: try JSONValue(parsing: json, depthLimit: 64)) } catch {
            throw TextError.malformedJSON(file: file, offset: error.offset, expected: error.expected)
        }
    }

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
        guard case .object(let object) = value else { throw error(expected: "an object") }
        guard let member = object[name], member != .null else { return nil }
        return child(name, member)
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

    func bytes() throws -> [UInt8] { Array(try string().utf8) }

    func string() throws -> String {
        guard case .string(let text) = value else { throw error(expected: "a string") }
        return text
    }

    func bool() throws -> Bool {
        guard case .bool(let value) = value else { throw error(expected: "true or false") }
        return value
    }

    func integer(in range: ClosedRange<Int>) throws -> Int {
        guard case .int(let number) = value, range.contains(number) else {
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

extension JSONValue {
    /// What a message calls this value.
    var kind: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .int(let value): "\(value)"
        case .double(let value): "\(value)"
        case .string(let text): JSONValue.kind(ofString: text.utf8)
        case .array(let values): "an array of \(values.count)"
        case .object(let object): "an object of \(object.members.count) keys"
        }
    }

    /// What a message calls a string.
    static func kind(ofString bytes: some Sequence<UInt8>) -> String {
        "\"\(String(decoding: Array(bytes.prefix(120)), as: UTF8.self))\""
    }
}
