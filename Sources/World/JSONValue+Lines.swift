import Files

extension JSONValue {
    static func strings(_ values: [String]) -> JSONValue { .array(values.map { .string($0) }) }

    /// The elements of an array, or the members of an object, one a line.
    var lines: [UInt8] {
        var result: [UInt8] = []
        func each<Element>(_ elements: [Element], _ open: String, _ close: String, _ one: (Element) -> Void) {
            result += open.utf8
            for (index, element) in elements.enumerated() {
                result += (index == 0 ? "\n" : ",\n").utf8
                one(element)
            }
            result += "\n\(close)\n".utf8
        }
        switch self {
        case .array(let elements): each(elements, "[", "]") { result += $0.bytes(.line) }
        case .object(let object):
            each(object.members, "{", "}") { member in
                result += JSONText.quote(member.name).utf8
                result += ": ".utf8
                result += member.value.bytes(.line)
            }
        default: result += bytes(.line)
        }
        return result
    }
}
