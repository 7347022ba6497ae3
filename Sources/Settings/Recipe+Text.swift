import Files

extension Recipe {
    /// The recipe as YAML, each setting below what it does, its unit, its values and its equation. A value
    /// that is not the default says so. It reads back as this recipe.
    ///
    /// - Parameter title: a comment at the top
    public func commentedYAML(title: String) throws -> String {
        (["# \(title)"] + (try Self.lines(SettingEntry.all(of: self), indent: "", isFirst: false)))
            .joined(separator: "\n")
    }

    private static func lines(_ entries: [SettingEntry], indent: String, isFirst: Bool) throws -> [String] {
        guard !entries.isEmpty else { return ["{}"] }
        return try entries.enumerated().flatMap { number, entry in
            let value = try SettingEncoder.encode(entry.value)
            var lines = number == 0 && isFirst ? [] : [""]
            lines += entry.comment(
                isDefault: value.json == (try SettingEncoder.encode(entry.defaultValue)).json
            )
            .map { "\(indent)# \($0)" }
            let nested = entry.fields
            if !nested.isEmpty {
                return lines + ["\(indent)\(entry.key):"]
                    + (try Self.lines(nested, indent: indent + "  ", isFirst: true))
            }
            return lines + ["\(indent)\(entry.key): \(value.yaml)"]
        }
    }
}

extension SettingEntry {
    /// Settings of the recipe that is the value.
    var fields: [SettingEntry] {
        func open<R: Recipe>(_ recipe: R) -> [SettingEntry] {
            SettingEntry.all(of: recipe, defaults: defaultValue as? R ?? R())
        }
        return (value as? any Recipe).map { open($0) } ?? []
    }

    /// What the setting does, then what it may be.
    func comment(isDefault: Bool) -> [String] {
        var facts: [String] = []
        let kind = ValueKind(type)
        if case .group = kind {
            if let bounds = description?.bounds { facts.append("numbers, \(bounds)") }
        } else {
            let unit = description?.unit.map { " (\($0))" } ?? ""
            facts.append(kind.name + unit + (description?.bounds.map { ", \($0)" } ?? ""))
        }
        if isOptional(type) { facts.append("null: \(description?.null ?? "none")") }
        if let equation = description?.equation { facts.append(equation) }
        if description?.changesResult == false { facts.append("does not change the result") }
        if !isDefault, fields.isEmpty, let tree = try? SettingEncoder.encode(defaultValue) {
            facts.append("default \(tree.yaml)")
        }
        let text = [description?.text, facts.isEmpty ? nil : facts.joined(separator: "; ")]
        return text.compactMap(\.self).flatMap { wrapped($0, width: 96) }
    }
}

/// Words in lines of at most so many characters.
private func wrapped(_ text: String, width: Int) -> [String] {
    text.split(separator: " ").reduce(into: [String]()) { lines, word in
        if let last = lines.last, last.count + 1 + word.count <= width {
            lines[lines.count - 1] += " \(word)"
        } else {
            lines.append(String(word))
        }
    }
}

extension SettingTree {
    /// Whether a text that stands without quotes is read as that text.
    private static func isPlain(_ text: String) -> Bool {
        // What YAML has for nothing and for true and false, in both of its versions.
        let others = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]
        return text.wholeMatch(of: #/[A-Za-z][A-Za-z0-9_.\/-]*/#) != nil
            && !others.contains(text.lowercased())
    }

    private static func key(_ name: String) -> String {
        isPlain(name) ? name : JSONText.quote(name)
    }

    /// The value on one line.
    var yaml: String {
        switch value {
        case .string(let text) where Self.isPlain(text): text
        case .list(let elements): "[\(elements.map(\.yaml).joined(separator: ", "))]"
        case .map(let fields, _):
            "{"
                + fields.sorted { $0.key < $1.key }.map { "\(Self.key($0.key)): \($0.value.yaml)" }
                .joined(separator: ", ") + "}"
        case .double(.infinity): ".inf"
        default: json.text()
        }
    }
}
