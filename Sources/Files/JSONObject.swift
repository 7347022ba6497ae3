/// The members of a JSON object in file order. Names are compared code point by code point; of members with
/// the same name the last counts, as in Python.
public struct JSONObject: Sendable {
    /// The members in the order of the file.
    public var members: [(name: String, value: JSONValue)]
    /// The line its `{` stands on, from 1; 0 where it came from no file.
    public let line: Int

    /// An object without members.
    public init() { self.init([]) }

    /// - Parameter line: the line its `{` stands on; 0 where it came from no file
    public init(_ members: [(name: String, value: JSONValue)], line: Int = 0) {
        self.members = members
        self.line = line
    }

    /// The members of a dictionary, sorted.
    public init(_ dictionary: [String: JSONValue]) {
        self.init(dictionary.map { (name: $0.key, value: $0.value) })
        members = sortedMembers
    }

    private func index(of name: String) -> Int? {
        members.lastIndex { $0.name.utf8.elementsEqual(name.utf8) }
    }

    /// Looks from the end to the start: for the few members of a configuration or a record.
    public subscript(name: String) -> JSONValue? {
        get { index(of: name).map { members[$0].value } }
        set {
            guard let newValue else { return members.removeAll { $0.name.utf8.elementsEqual(name.utf8) } }
            if let index = index(of: name) { members[index].value = newValue } else { append(name, newValue) }
        }
    }

    /// Adds a member behind the others, without a look at their names.
    public mutating func append(_ name: String, _ value: JSONValue) { members.append((name, value)) }

    /// The members sorted by the bytes of their names, each name once.
    var sortedMembers: [(name: String, value: JSONValue)] {
        let sorted = members.indices.sorted { a, b in
            let (left, right) = (members[a].name.utf8, members[b].name.utf8)
            return left.elementsEqual(right) ? a < b : left.lexicographicallyPrecedes(right)
        }
        var result: [(name: String, value: JSONValue)] = []
        for index in sorted {
            if let last = result.last, last.name.utf8.elementsEqual(members[index].name.utf8) {
                result.removeLast()
            }
            result.append(members[index])
        }
        return result
    }
}

extension JSONObject: Equatable, ExpressibleByDictionaryLiteral {
    /// The line and the order do not count.
    public static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.sortedMembers.elementsEqual(right.sortedMembers) {
            $0.name.utf8.elementsEqual($1.name.utf8) && $0.value == $1.value
        }
    }

    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self.init(elements.map { (name: $0.0, value: $0.1) })
    }
}
