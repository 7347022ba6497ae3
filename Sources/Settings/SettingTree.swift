import Files

/// Where a setting's value comes from.
package enum SettingOrigin: Equatable {
    case defaults
    case file(String, line: Int)
    case option(String)  // as on the command line

    package var place: String {
        switch self {
        case .defaults: "the recipe"
        case .file(let path, let line): "\(path):\(line)"
        case .option(let text): "--set \(text)"
        }
    }
    package var isOption: Bool {
        if case .option = self { return true }
        return false
    }
}

/// A tree of settings that remembers where each value was written.
package struct SettingTree {
    package enum Value {
        case null
        case bool(Bool)
        case int(Int)
        case double(Double)
        case string(String)
        case list([SettingTree])
        /// Open: a dictionary whose keys the user chooses, so a new one replaces the old one whole.
        case map([String: SettingTree], isOpen: Bool)
    }

    package var value: Value
    package var origin: SettingOrigin

    package init(value: Value, origin: SettingOrigin) { (self.value, self.origin) = (value, origin) }

    /// This tree with everything `other` says put over it, maps key by key.
    package func overlaid(with other: SettingTree) -> SettingTree {
        guard case .map(var fields, isOpen: false) = value, case .map(let more, _) = other.value else {
            return other
        }
        for (key, setting) in more { fields[key] = fields[key]?.overlaid(with: setting) ?? setting }
        return SettingTree(value: .map(fields, isOpen: false), origin: other.origin)
    }

    /// This tree with one value put at a path of keys, through maps that are made where there are none.
    package func setting(_ path: ArraySlice<String>, to setting: SettingTree) -> SettingTree {
        guard let key = path.first else { return setting }
        var fields: [String: SettingTree] = [:]
        var isOpen = false
        if case .map(let existing, let open) = value { (fields, isOpen) = (existing, open) }
        let inner = fields[key] ?? SettingTree(value: .null, origin: setting.origin)
        fields[key] = inner.setting(path.dropFirst(), to: setting)
        return SettingTree(value: .map(fields, isOpen: isOpen), origin: origin)
    }

    /// Where the value at a path was written: that of the deepest part of the path that exists.
    func origin(at path: [String]) -> SettingOrigin {
        var here = self
        for key in path {
            if case .map(let fields, _) = here.value, let next = fields[key] {
                here = next
            } else if case .list(let elements) = here.value, let index = Int(key),
                elements.indices.contains(index)
            {
                here = elements[index]
            } else {
                break
            }
        }
        return here.origin
    }

    /// What a message calls the value.
    package var found: String {
        switch value {
        case .null: "empty"
        case .bool(let value): "\(value)"
        case .int(let value): "the number \(value)"
        case .double(let value): "the number \(value)"
        case .string(let value): "the text '\(outside: value)'"
        case .list: "a list"
        case .map: "a group of settings"
        }
    }

    var json: JSONValue {
        switch value {
        case .null: .null
        case .bool(let value): .bool(value)
        case .int(let value): .int(value)
        case .double(let value): .number(value)
        case .string(let value): .string(value)
        case .list(let elements): .array(elements.map(\.json))
        case .map(let fields, _): .object(JSONObject(fields.mapValues(\.json)))
        }
    }
    /// Paths of all settings below, of lists and of groups that the user names none.
    var paths: [[String]] {
        guard case .map(let fields, isOpen: false) = value else { return [] }
        return fields.keys.sorted().flatMap { key in
            [[key]] + (fields[key]?.paths ?? []).map { [key] + $0 }
        }
    }

    /// The first setting that has a value, as `--set` would write it.
    package var example: String {
        for path in paths {
            var here = self
            for key in path {
                if case .map(let fields, _) = here.value, let next = fields[key] { here = next }
            }
            if case .null = here.value { continue }
            if !here.isCollection { return "\(path.joined(separator: "."))=\(here.yaml)" }
        }
        return "key=value"
    }

    var isCollection: Bool {
        switch value {
        case .list, .map: true
        default: false
        }
    }
}
