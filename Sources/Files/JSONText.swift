/// How JSON is laid out as text.
public struct JSONFormat: Sendable {
    /// Between elements on one line, and between a name and its value.
    let comma, colon: String
    /// Whether every element stands on a line of its own, two spaces further in.
    let isIndented: Bool
    let sortsNames: Bool
    /// Whether `1` and `1.0` stay apart.
    let keepsFractions: Bool
    /// Whether control characters are all written as `\u00XX`, those with a short form too.
    let hasLongEscapes: Bool

    /// One line, no spaces, names sorted by their bytes: what digests are taken of.
    public static let compact = JSONFormat(comma: ",", colon: ":", sortsNames: true)
    /// The same over several lines, as Foundation lays it out.
    public static let pretty = JSONFormat(comma: ",", colon: " : ", isIndented: true, sortsNames: true)
    /// One line, names in order, laid out as by Python's `json.dumps`.
    public static let line = JSONFormat(comma: ", ", colon: ": ", keepsFractions: true)
    /// Several lines, names in order, laid out as by Python's `json.dumps(indent=2)`.
    public static let indented = JSONFormat(comma: ",", colon: ": ", isIndented: true, keepsFractions: true)
    /// `compact` as the identity of a tokenizer has it.
    public static let canonical = JSONFormat(
        comma: ",", colon: ":", sortsNames: true, keepsFractions: true, hasLongEscapes: true)

    init(
        comma: String, colon: String, isIndented: Bool = false, sortsNames: Bool = false,
        keepsFractions: Bool = false,
        hasLongEscapes: Bool = false
    ) {
        (self.comma, self.colon, self.isIndented, self.sortsNames) = (comma, colon, isIndented, sortsNames)
        (self.keepsFractions, self.hasLongEscapes) = (keepsFractions, hasLongEscapes)
    }

    /// Appends UTF-8 bytes as a JSON string literal, quotes included; only what JSON demands is escaped.
    public func appendQuoted(_ text: some Sequence<UInt8>, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                output.append(UInt8(ascii: "\\"))
                output.append(byte)
            case 0..<0x20:
                output.append(UInt8(ascii: "\\"))
                if !hasLongEscapes, let letter = Self.shortEscape(byte) {
                    output.append(letter)
                } else {
                    output += "u00".utf8
                    for digit in [byte >> 4, byte & 15] {
                        output.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
                    }
                }
            default: output.append(byte)
            }
        }
        output.append(UInt8(ascii: "\""))
    }

    private static func shortEscape(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x08: UInt8(ascii: "b")
        case 0x09: UInt8(ascii: "t")
        case 0x0A: UInt8(ascii: "n")
        case 0x0C: UInt8(ascii: "f")
        case 0x0D: UInt8(ascii: "r")
        default: nil
        }
    }
}

/// Pieces of JSON written by hand.
public enum JSONText {
    /// The text as a JSON string literal, quotes included.
    public static func quote(_ text: String) -> String {
        var bytes: [UInt8] = []
        JSONFormat.compact.appendQuoted(text.utf8, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension JSONValue {
    /// The value as UTF-8 text; numbers that JSON cannot write are `null`.
    public func bytes(_ format: JSONFormat) -> [UInt8] {
        var output: [UInt8] = []
        append(to: &output, format, depth: 0)
        return output
    }

    /// The value as text, `bytes(_:)` decoded.
    public func text(_ format: JSONFormat = .compact) -> String {
        String(decoding: bytes(format), as: UTF8.self)
    }

    private func append(to output: inout [UInt8], _ format: JSONFormat, depth: Int) {
        func each<Element>(_ elements: [Element], _ brackets: (String, String), _ one: (Element) -> Void) {
            func newLine(_ depth: Int) {
                guard format.isIndented else { return }
                output.append(0x0A)
                output += repeatElement(0x20, count: 2 * depth)
            }
            output += brackets.0.utf8
            for (index, element) in elements.enumerated() {
                if index > 0 { output += format.comma.utf8 }
                newLine(depth + 1)
                one(element)
            }
            if !elements.isEmpty { newLine(depth) }
            output += brackets.1.utf8
        }
        switch self {
        case .null: output += "null".utf8
        case .bool(let value): output += (value ? "true" : "false").utf8
        case .int(let value): output += String(value).utf8
        case .double(let value):
            let text = value.isFinite ? String(value) : "null"
            output += (!format.keepsFractions && text.hasSuffix(".0") ? text.dropLast(2) : text[...]).utf8
        case .string(let value): format.appendQuoted(value.utf8, to: &output)
        case .array(let values): each(values, ("[", "]")) { $0.append(to: &output, format, depth: depth + 1) }
        case .object(let object):
            each(format.sortsNames ? object.sortedMembers : object.members, ("{", "}")) { member in
                format.appendQuoted(member.name.utf8, to: &output)
                output += format.colon.utf8
                member.value.append(to: &output, format, depth: depth + 1)
            }
        }
    }
}
