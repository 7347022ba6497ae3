/// A JSON value whose strings are UTF-8 bytes.
///
/// Vocabularies hold keys that Swift's `String` takes for equal (NFC and NFD forms) and that are different
/// tokens, so strings stay bytes and objects stay lists.
enum JSONValue: Sendable {
    case null
    case bool(Bool)
    case integer(Int)
    case decimal(Double)
    case string([UInt8])
    case array([JSONValue])
    case object([Member])

    struct Member: Sendable {
        let key: [UInt8]
        let value: JSONValue
    }

    /// What a message calls this value.
    var kind: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .decimal(let value): "\(value)"
        case .string(let bytes): "\"\(String(decoding: bytes.prefix(120), as: UTF8.self))\""
        case .array(let values): "an array of \(values.count)"
        case .object(let members): "an object of \(members.count) keys"
        }
    }

    /// Bytes that do not depend on white space, on the order of keys or on whether a null is written.
    func appendCanonical(to output: inout [UInt8]) {
        switch self {
        case .null: output += Array("null".utf8)
        case .bool(let value): output += Array((value ? "true" : "false").utf8)
        case .integer(let value): output += Array(String(value).utf8)
        case .decimal(let value): output += Array(String(value).utf8)
        case .string(let bytes): JSONValue.appendString(bytes, to: &output)
        case .array(let values):
            output.append(UInt8(ascii: "["))
            for (index, value) in values.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                value.appendCanonical(to: &output)
            }
            output.append(UInt8(ascii: "]"))
        case .object(let members):
            let present = members.filter { if case .null = $0.value { false } else { true } }
                .sorted { $0.key.lexicographicallyPrecedes($1.key) }
            output.append(UInt8(ascii: "{"))
            for (index, member) in present.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                JSONValue.appendString(member.key, to: &output)
                output.append(UInt8(ascii: ":"))
                member.value.appendCanonical(to: &output)
            }
            output.append(UInt8(ascii: "}"))
        }
    }

    /// A quoted JSON string; only what JSON demands is escaped.
    static func appendString(_ bytes: some Sequence<UInt8>, to output: inout [UInt8]) {
        let digits = Array("0123456789abcdef".utf8)
        output.append(UInt8(ascii: "\""))
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): output += [UInt8(ascii: "\\"), byte]
            case 0..<0x20:
                output += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: output.append(byte)
            }
        }
        output.append(UInt8(ascii: "\""))
    }
}
