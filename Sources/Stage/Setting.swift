import Files

/// Where a setting's value comes from.
enum SettingOrigin: Equatable {
    case defaults
    case file(String, line: Int)
    case option(String)  // as on the command line

    var place: String {
        switch self {
        case .defaults: "the recipe"
        case .file(let path, let line): "\(path):\(line)"
        case .option(let text): "--set \(text)"
        }
    }
    var isOption: Bool {
        if case .option = self { return true }
        return false
    }
}

/// A tree of settings that remembers where each value was written.
struct Setting {
    enum Value {
        case null
        case bool(Bool)
        case int(Int)
        case double(Double)
        case string(String)
        case list([Setting])
        /// Open: a dictionary whose keys the user chooses, so a new one replaces the old one whole.
        case map([String: Setting], isOpen: Bool)
    }

    var value: Value
    var origin: SettingOrigin

    /// This tree with everything `other` says put over it, maps key by key.
    func overlaid(with other: Setting) -> Setting {
        guard case .map(var fields, isOpen: false) = value, case .map(let more, _) = other.value else {
            return other
        }
        for (key, setting) in more { fields[key] = fields[key]?.overlaid(with: setting) ?? setting }
        return Setting(value: .map(fields, isOpen: false), origin: other.origin)
    }

    /// This tree with one value put at a path of keys, through maps that are made where there are none.
    func setting(_ path: ArraySlice<String>, to setting: Setting) -> Setting {
        guard let key = path.first else { return setting }
        var fields: [String: Setting] = [:]
        var isOpen = false
        if case .map(let existing, let open) = value { (fields, isOpen) = (existing, open) }
        let inner = fields[key] ?? Setting(value: .null, origin: setting.origin)
        fields[key] = inner.setting(path.dropFirst(), to: setting)
        return Setting(value: .map(fields, isOpen: isOpen), origin: origin)
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
    var found: String {
        switch value {
        case .null: "empty"
        case .bool(let value): "\(value)"
        case .int(let value): "the number \(value)"
        case .double(let value): "the number \(value)"
        case .string(let value): "the text '\(value)'"
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
}
