/// Turns a recipe into a tree of settings. Unlike Foundation's encoders it writes nil as null, so that every
/// key a recipe knows is in the tree.
final class SettingEncoder: Encoder {
    let codingPath: [any CodingKey] = []
    let userInfo: [CodingUserInfoKey: Any] = [:]
    private let node: Node

    private init(_ node: Node) { self.node = node }

    static func encode(_ value: some Encodable) throws -> Setting {
        let node = Node()
        try node.encode(value)
        return node.setting
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        node.kind = .map
        return KeyedEncodingContainer(Keyed<Key>(node: node))
    }
    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        node.kind = .list
        return Unkeyed(node: node)
    }
    func singleValueContainer() -> any SingleValueEncodingContainer { Single(node: node) }

    /// A value being built; containers share it by reference.
    fileprivate final class Node {
        enum Kind { case scalar, list, map }
        var kind = Kind.scalar
        var scalar = Setting.Value.null
        var elements: [Node] = []
        var fields: [String: Node] = [:]
        var isOpen = false

        var setting: Setting {
            let value: Setting.Value =
                switch kind {
                case .scalar: scalar
                case .list: .list(elements.map(\.setting))
                case .map: .map(fields.mapValues(\.setting), isOpen: isOpen)
                }
            return Setting(value: value, origin: .defaults)
        }

        func child(_ key: any CodingKey) -> Node {
            let made = Node()
            fields[key.stringValue] = made
            return made
        }
        func element() -> Node {
            let made = Node()
            elements.append(made)
            return made
        }

        func encode(_ value: some Encodable) throws {
            switch value {
            case let value as Bool: scalar = .bool(value)
            case let value as String: scalar = .string(value)
            case let value as Double: scalar = .double(value)
            // Through its text, so that 0.1 stays 0.1 and does not become 0.10000000149.
            case let value as Float: scalar = .double(Double("\(value)") ?? Double(value))
            case let value as any FixedWidthInteger:
                guard let whole = Int(exactly: value) else {
                    throw EncodingError.invalidValue(
                        value, .init(codingPath: [], debugDescription: "beyond 64 bits with a sign"))
                }
                scalar = .int(whole)
            default:
                isOpen = value is any OpenMap
                try value.encode(to: SettingEncoder(self))
            }
        }
    }

    private struct Keyed<Key: CodingKey>: KeyedEncodingContainerProtocol {
        let node: Node
        let codingPath: [any CodingKey] = []
        func encodeNil(forKey key: Key) { _ = node.child(key) }
        func encode<T: Encodable>(_ value: T, forKey key: Key) throws { try node.child(key).encode(value) }
        func encodeIfPresent(_ value: Bool?, forKey key: Key) throws { try put(value, key) }
        func encodeIfPresent(_ value: String?, forKey key: Key) throws { try put(value, key) }
        func encodeIfPresent(_ value: Double?, forKey key: Key) throws { try put(value, key) }
        func encodeIfPresent(_ value: Float?, forKey key: Key) throws { try put(value, key) }
        func encodeIfPresent(_ value: Int?, forKey key: Key) throws { try put(value, key) }
        func encodeIfPresent(_ value: Int8?, forKey key: Key) throws { try put(value, key) }
        func encodeIfPresent(_ value: Int16?, forKey key: Key) throws { try put(value, key) }
        func encodeIfPresent(_ value: Int32?, forKey key: Key) throws { try put(value, key) }
        func encodeIfPresent(_ value: Int64?, forKey key: Key) throws { try put(value, key) }
        func encodeIfPresent(_ value: UInt?, forKey key: Key) throws { try put(value, key) }
        func encodeIfPresent(_ value: UInt8?, forKey key: Key) throws { try put(value, key) }
        func encodeIfPresent(_ value: UInt16?, forKey key: Key) throws { try put(value, key) }
        func encodeIfPresent(_ value: UInt32?, forKey key: Key) throws { try put(value, key) }
        func encodeIfPresent(_ value: UInt64?, forKey key: Key) throws { try put(value, key) }
        func encodeIfPresent<T: Encodable>(_ value: T?, forKey key: Key) throws { try put(value, key) }
        private func put(_ value: (some Encodable)?, _ key: Key) throws {
            if let value { try encode(value, forKey: key) } else { encodeNil(forKey: key) }
        }
        func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key)
            -> KeyedEncodingContainer<Nested>
        {
            SettingEncoder(node.child(key)).container(keyedBy: type)
        }
        func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
            SettingEncoder(node.child(key)).unkeyedContainer()
        }
        func superEncoder() -> any Encoder { SettingEncoder(node) }
        func superEncoder(forKey key: Key) -> any Encoder { SettingEncoder(node.child(key)) }
    }

    private struct Unkeyed: UnkeyedEncodingContainer {
        let node: Node
        let codingPath: [any CodingKey] = []
        var count: Int { node.elements.count }
        func encodeNil() { _ = node.element() }
        func encode<T: Encodable>(_ value: T) throws { try node.element().encode(value) }
        func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
            SettingEncoder(node.element()).container(keyedBy: type)
        }
        func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
            SettingEncoder(node.element()).unkeyedContainer()
        }
        func superEncoder() -> any Encoder { SettingEncoder(node.element()) }
    }

    private struct Single: SingleValueEncodingContainer {
        let node: Node
        let codingPath: [any CodingKey] = []
        func encodeNil() {}
        func encode<T: Encodable>(_ value: T) throws { try node.encode(value) }
    }
}

/// A dictionary among settings.
protocol OpenMap {}
extension Dictionary: OpenMap where Key == String {}
