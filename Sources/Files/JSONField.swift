/// Place in a JSON file: a value, or the lack of one, and the path to it, by which errors name it.
///
/// This is how every file that others write is read: `try config["text_config"]["vocab_size"].integer()`.
public struct JSONField: Sendable {
    /// Beginning of errors: the file, with the record behind it where a file has many that are no lines.
    public let file: String
    /// Line of the innermost object around the value, from 1; nil where the path alone tells the place.
    public let line: Int?
    /// Names and numbers from the top, such as `text_config.layers[3]`; empty at the top.
    public let path: String
    /// Value as the file has it; nil where the object has no such member.
    public let value: JSONValue?

    /// - Parameter line: whatever the number, errors name the lines of objects where it is not nil
    public init(file: String, line: Int? = nil, path: String = "", value: JSONValue?) {
        (self.file, self.path, self.value) = (file, path, value)
        self.line = if let line, case .object(let object)? = value { max(line, object.line) } else { line }
    }

    /// Reads bytes as one document.
    ///
    /// - Parameters:
    ///   - file: what errors call it
    ///   - line: number of the first line where errors shall name lines; nil where they name paths alone
    ///   - replacingLoneSurrogates: as in `JSONValue(parsing:)`
    /// - Throws: `FilesError.notJSON`
    public init(
        parsing bytes: [UInt8], file: String, line: Int? = nil, replacingLoneSurrogates: Bool = false
    ) throws(FilesError) {
        let document: JSONValue
        do {
            document = try JSONValue(
                parsing: bytes, line: line ?? 1, replacingLoneSurrogates: replacingLoneSurrogates)
        } catch { throw .notJSON(file: file, failure: error) }
        self.init(file: file, line: line, value: document)
    }

    /// The error for a value that cannot stand here.
    public func bad(found: String? = nil, expected: String) -> FilesError {
        .badField(
            place: line.map { "\(file):\($0)" } ?? file, field: path,
            found: found ?? value?.shown ?? "missing", expected: expected)
    }

    // MARK: Members and elements

    /// The member of that name, whose value is nil where there is none.
    public subscript(name: String) -> JSONField {
        get throws(FilesError) { child(path.isEmpty ? name : "\(path).\(name)", try object()[name]) }
    }

    /// The member of that name; nil where it is absent or null.
    public func optional(_ name: String) throws(FilesError) -> JSONField? {
        let member = try self[name]
        return member.value == nil || member.value == .null ? nil : member
    }

    /// The member of that name as true or false; the default where it is absent or null.
    public func flag(_ name: String, default standard: Bool = false) throws(FilesError) -> Bool {
        try optional(name)?.bool() ?? standard
    }

    /// The members of an object, in the file's order.
    public func members() throws(FilesError) -> [(name: String, field: JSONField)] {
        try object().members.map { ($0.name, child(path.isEmpty ? $0.name : "\(path).\($0.name)", $0.value)) }
    }

    /// The elements of an array.
    public func elements() throws(FilesError) -> [JSONField] {
        guard case .array(let values)? = value else { throw bad(expected: "an array") }
        return values.enumerated().map { child("\(path)[\($0.offset)]", $0.element) }
    }

    private func child(_ path: String, _ value: JSONValue?) -> JSONField {
        JSONField(file: file, line: line, path: path, value: value)
    }

    // MARK: Values

    /// The members of an object.
    public func object() throws(FilesError) -> JSONObject {
        guard case .object(let object)? = value else { throw bad(expected: "an object") }
        return object
    }

    /// A text.
    public func string() throws(FilesError) -> String {
        guard case .string(let text)? = value else { throw bad(expected: "a string") }
        return text
    }

    /// An array of texts.
    public func strings() throws(FilesError) -> [String] {
        try elements().map { element throws(FilesError) in try element.string() }
    }

    /// `true` or `false`.
    public func bool() throws(FilesError) -> Bool {
        guard case .bool(let flag)? = value else { throw bad(expected: "true or false") }
        return flag
    }

    /// A whole number, which may be written `3.0`.
    public func integer() throws(FilesError) -> Int {
        guard let number = value?.int else { throw bad(expected: "a whole number") }
        return number
    }

    /// A whole number in a range.
    public func integer(in range: ClosedRange<Int>) throws(FilesError) -> Int {
        guard let number = value?.int, range.contains(number) else {
            throw bad(expected: "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// A finite number, whole or not.
    public func number() throws(FilesError) -> Double {
        guard let number = value?.double, number.isFinite else { throw bad(expected: "a number") }
        return number
    }

    /// One of the raw values of an enum.
    public func choice<Choice: RawRepresentable<String> & CaseIterable>() throws(FilesError) -> Choice {
        guard let choice = value?.string.flatMap(Choice.init) else {
            throw bad(expected: "one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return choice
    }
}
