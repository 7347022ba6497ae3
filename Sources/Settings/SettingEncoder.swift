/// Turns a recipe into a tree of settings, over which files and options are laid, each value with its place.
///
/// Names are written in snake case. `Setting` encodes nil as null, so that every key of a recipe is there.
package final class SettingEncoder: Encoder {
    package let codingPath: [any CodingKey] = []
    package let userInfo: [CodingUserInfoKey: Any] = [:]
    private let node: Node

    private init(_ node: Node) { self.node = node }

    package static func encode(_ value: some Encodable) throws -> SettingTree {
        let node = Node()
        try node.encode(value)
        return node.setting
    }

    package func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        node.kind = .map
        return KeyedEncodingContainer(Keyed<Key>(node: node))
    }
    package func unkeyedContainer() -> any UnkeyedEncodingContainer {
        node.kind = .list
        return Unkeyed(node: node)
    }
    package func singleValueContainer() -> any SingleValueEncodingContainer { Single(node: node) }

    /// A value being built; containers share it by reference.
    fileprivate final class Node {
        enum Kind { case scalar, list, map }
        var kind = Kind.scalar
        var scalar = SettingTree.Value.null
        var elements: [Node] = []
        var fields: [String: Node] = [:]
        var isOpen = false

        var setting: SettingTree {
            let value: SettingTree.Value =
                switch kind {
                case .scalar: scalar
                case .list: .list(elements.map(\.setting))
                case .map: .map(fields.mapValues(\.setting), isOpen: isOpen)
                }
            return SettingTree(value: value, origin: .defaults)
        }

        func child(_ key: any CodingKey) -> Node {
            let made = Node()
            fields[isOpen ? key.stringValue : snakeCase(key.stringValue)] = made
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

/// A dictionary among settings: its keys are the user's own.
protocol OpenMap {}
extension Dictionary: OpenMap where Key == String {}
