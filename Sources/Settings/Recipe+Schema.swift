import Files

extension Recipe {
    /// JSON Schema (draft 2020-12) of the recipe's files, for editors.
    public static func schema(title: String) throws -> JSONValue {
        let base: JSONObject = [
            "type": "string", "description": "Recipe of the same stage that this one overrides.",
        ]
        var schema: JSONObject = [
            "$schema": "https://json-schema.org/draft/2020-12/schema", "title": .string(title),
        ]
        let group = try SettingEntry.all(of: Self()).schema(more: [(name: "base", value: .object(base))])
        for (name, value) in group.members { schema.append(name, value) }
        return .object(schema)
    }
}

extension [SettingEntry] {
    fileprivate func schema(more: [(name: String, value: JSONValue)] = []) throws -> JSONObject {
        let properties = try map { (name: $0.key, value: JSONValue.object(try $0.schema())) }
        return [
            "type": "object", "additionalProperties": false,
            "properties": .object(JSONObject(more + properties)),
        ]
    }
}

extension SettingEntry {
    fileprivate func schema() throws -> JSONObject {
        let tree = try SettingEncoder.encode(value)
        var schema =
            try fields.isEmpty ? Self.schema(of: type, tree, description?.bounds) : fields.schema()
        if isOptional(type) {
            schema = ["anyOf": .array([.object(schema), ["type": "null"]])]
        }
        if let description {
            let facts = [description.text, description.equation.map { "(\($0))" }].compactMap(\.self)
            schema.append("description", .string(facts.joined(separator: " ")))
        }
        if fields.isEmpty { schema.append("default", tree.json) }
        return schema
    }

    private static func schema(of type: Any.Type, _ tree: SettingTree, _ bounds: Bounds?) throws
        -> JSONObject
    {
        func settings<R: Recipe>(_ recipe: R) -> [SettingEntry] { all(of: recipe) }
        if let several = type as? any SeveralForms.Type {
            let unknown = SettingTree(value: .null, origin: .defaults)
            return [
                "anyOf": .array(try several.forms.map { .object(try schema(of: $0, unknown, bounds)) })
            ]
        }
        if let recipe = type as? any Recipe.Type { return try settings(recipe.init()).schema() }
        return try schema(ValueKind(type), tree, bounds)
    }

    private static func schema(_ kind: ValueKind, _ tree: SettingTree, _ bounds: Bounds?) throws -> JSONObject
    {
        switch kind {
        case .flag: ["type": "boolean"]
        case .text: ["type": "string"]
        case .whole: JSONObject([(name: "type", value: "integer")] + limits(bounds))
        case .number: JSONObject([(name: "type", value: "number")] + limits(bounds))
        case .choice(let cases): ["enum": .array(cases.map { .string($0) })]
        case .list(let element):
            [
                "type": "array",
                "items": .object(try schema(element, SettingTree(value: .null, origin: .defaults), bounds)),
            ]
        case .group, .either: try group(tree, bounds)
        }
    }

    /// A group that is no recipe: what it is made of shows in its value.
    private static func group(_ tree: SettingTree, _ bounds: Bounds?) throws -> JSONObject {
        guard case .map(let fields, isOpen: false) = tree.value else { return ["type": "object"] }
        let properties = fields.sorted { $0.key < $1.key }.map { key, field in
            (
                name: key,
                value: JSONValue.object(JSONObject([(name: "type", value: "number")] + limits(bounds)))
            )
        }
        return [
            "type": "object", "additionalProperties": false, "properties": .object(JSONObject(properties)),
        ]
    }

    private static func limits(_ bounds: Bounds?) -> [(name: String, value: JSONValue)] {
        guard let bounds else { return [] }
        let lower = (bounds.excludesLower ? "exclusiveMinimum" : "minimum", JSONValue.number(bounds.lower))
        let upper = bounds.upper.map {
            (bounds.excludesUpper ? "exclusiveMaximum" : "maximum", JSONValue.number($0))
        }
        return [lower, upper].compactMap(\.self).map { (name: $0.0, value: $0.1) }
    }
}
