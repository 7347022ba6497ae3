import Files
import Foundation
import Settings
import Yams

extension SettingTree {
    /// Reads YAML text.
    ///
    /// - Parameter file: the path for messages and origins
    init(yaml: String, file: String) throws {
        try self.init(yaml: yaml, name: file) { .file(file, line: $0) }
    }

    /// Reads the value of `--set key=value`.
    init(optionValue: String, option: String) throws {
        try self.init(yaml: optionValue, name: "--set \(option)") { _ in .option(option) }
    }

    private init(yaml: String, name: String, origin: (Int) -> SettingOrigin) throws {
        guard !Self.hasAliasInKey(Array(yaml.utf8)) else {
            throw StageError.badRecipe(
                file: name, problem: "an alias (*name) stands in a key: write the key out")
        }
        do {
            guard let node = try Yams.compose(yaml: yaml) else {
                self.init(value: .null, origin: origin(1))
                return
            }
            var room = Limit.yamlValues.value
            try self.init(node, name: name, room: &room, origin: origin)
        } catch let error as YamlError {
            throw StageError.badRecipe(file: name, problem: "not valid YAML: \(outside: "\(error)")")
        }
    }

    /// Whether an alias may be part of a key. Yams compares keys while it reads them, so a key of aliases of
    /// aliases takes for ever before any value can be counted. A key stands on one line; that quotes and
    /// comments may look like one does not matter, as no recipe needs aliases and such text together.
    private static func hasAliasInKey(_ text: [UInt8]) -> Bool {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }
        guard
            text.indices.contains(where: {
                text[$0] == UInt8(ascii: "*") && $0 + 1 < text.count && !isSpace(text[$0 + 1])
            })
        else { return false }
        var line = 0  // where it starts
        for (index, byte) in text.enumerated() {
            if byte == 0x0A { line = index + 1 }
            if byte == UInt8(ascii: "?") {
                let before = index == 0 ? 0x20 : text[index - 1]
                let after = index + 1 == text.count ? 0x20 : text[index + 1]
                if isSpace(after), isSpace(before) || "[{,?-:".utf8.contains(before) { return true }
            } else if byte == UInt8(ascii: ":") {
                // A key of one line has at most 1,024 characters.
                let key = text[max(line, index - 4_096)..<index].reversed().drop { $0 == 0x20 || $0 == 0x09 }
                guard let last = key.first else { continue }
                if last == UInt8(ascii: "]") || last == UInt8(ascii: "}") { return true }
                if key.prefix(while: { !isSpace($0) }).contains(UInt8(ascii: "*")) { return true }
            }
        }
        return false
    }

    /// - Parameter room: values that may follow. Aliases repeat what they stand for, and a few lines of
    ///   aliases of aliases can stand for more than a memory holds.
    private init(
        _ node: Node, name: String, room: inout Int, origin: (Int) -> SettingOrigin
    ) throws {
        room -= 1
        guard room > 0 else {
            throw FilesError.tooLarge(
                path: name, item: "the recipe, what its aliases repeat counted,",
                limit: Limit.yamlValues.value,
                name: .yamlValues)
        }
        let value: Value
        switch node {
        case .scalar(let scalar): value = Self.scalar(scalar)
        case .sequence(let elements):
            value = .list(
                try elements.map { try SettingTree($0, name: name, room: &room, origin: origin) })
        case .mapping(let pairs):
            var fields: [String: SettingTree] = [:]
            for (key, child) in pairs {
                guard let text = key.scalar?.string else {
                    throw StageError.badRecipe(
                        file: name, problem: "a key is a list or a map, expected a name")
                }
                var setting = try SettingTree(child, name: name, room: &room, origin: origin)
                // The key's line: a message about `key:` should point at it, not at what stands below.
                setting.origin = origin(key.mark?.line ?? 1)
                fields[text] = setting
            }
            value = .map(fields, isOpen: false)
        case .alias: throw StageError.badRecipe(file: name, problem: "an alias that stands for nothing")
        }
        self.init(value: value, origin: origin(node.mark?.line ?? 1))
    }

    /// YAML 1.2's core rules: `yes`, `no`, `on` and `off` are text, `1e-3` is a number.
    private static func scalar(_ scalar: Node.Scalar) -> Value {
        guard scalar.style == .plain || scalar.style == .any else { return .string(scalar.string) }
        let text = scalar.string
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        case ".inf", ".Inf", "+.inf": return .double(.infinity)
        case "-.inf", "-.Inf": return .double(-.infinity)
        case ".nan", ".NaN": return .double(.nan)
        default: break
        }
        if let value = Int(text) { return .int(value) }
        if text.hasPrefix("0x"), let value = Int(text.dropFirst(2), radix: 16) { return .int(value) }
        // Double() alone would also take 'nan', 'infinity' and hexadecimal floats.
        if text.utf8.allSatisfy({ "0123456789+-.eE".utf8.contains($0) }), let value = Double(text) {
            return .double(value)
        }
        return .string(text)
    }
}
