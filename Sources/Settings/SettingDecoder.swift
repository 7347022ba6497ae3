import Files

/// Makes a recipe from a tree of settings, strictly: a key nobody asked for is an error, and so is a wrong
/// type. A decoder of our own, because an error must name the file and line of the value, which no library's
/// decoder keeps.
package final class SettingDecoder: Decoder {
    package let codingPath: [any CodingKey]
    package let userInfo: [CodingUserInfoKey: Any] = [:]
    fileprivate let setting: SettingTree
    /// Paths of the whole recipe, for hints.
    fileprivate let known: [[String]]
    /// Whether the keys are the user's own and not names of properties.
    fileprivate let isOpen: Bool
    private var asked: Set<String> = []

    fileprivate init(
        _ setting: SettingTree, path: [any CodingKey], known: [[String]], isOpen: Bool = false
    ) {
        (self.setting, codingPath, self.known, self.isOpen) = (setting, path, known, isOpen)
    }

    /// The recipe of a tree: decoded, free of unknown keys, and checked. Recipes inside get their defaults.
    ///
    /// - Throws: `BadSetting`
    package static func recipe<R: Recipe>(_ tree: SettingTree) throws -> R {
        try decode(R.self, tree, path: [], known: SettingEncoder.encode(R()).paths)
    }

    fileprivate static func decode<T: Decodable>(
        _ type: T.Type, _ given: SettingTree, path: [any CodingKey], known: [[String]]
    ) throws -> T {
        func bad(_ problem: String) -> BadSetting { BadSetting(given.origin, spell(path), problem) }
        if let scalar = type as? any ScalarSetting.Type {
            guard let value = scalar.init(given.value) as? T else {
                let hint = type == String.self && !given.isCollection ? "; put it in quotes" : ""
                throw bad("is \(given.found), expected \(scalar.expected)\(hint)")
            }
            return value
        }
        var setting = given
        if let recipe = type as? any Recipe.Type {
            guard case .map = given.value else {
                throw bad("is \(given.found), expected a group of settings")
            }
            setting = try SettingEncoder.encode(recipe.init()).overlaid(with: given)
        }
        let decoder = SettingDecoder(setting, path: path, known: known, isOpen: type is any OpenMap.Type)
        do {
            let value = try T(from: decoder)
            try decoder.refuseUnknownKeys()
            try (value as? any Recipe)?.check()
            return value
        } catch let problem as SettingProblem {
            // `betas[1]` is the element 1 of the list `betas`.
            let keys = problem.key.split { ".[]".contains($0) }.map(String.init)
            let name = path.isEmpty ? problem.key : "\(spell(path)).\(problem.key)"
            throw BadSetting(setting.origin(at: keys), name, problem.problem)
        } catch DecodingError.keyNotFound(let key, _) {
            try decoder.refuseUnknownKeys()
            throw bad("has no '\(key.stringValue)', which has no default")
        } catch let error as DecodingError {
            if T.self is any SeveralForms.Type {
                throw bad("is \(given.found), expected \(ValueKind(T.self).name)")
            }
            guard let cases = choices(T.self) else { throw bad("is \(given.found): \(error)") }
            throw bad("is \(given.found), expected one of \(cases.joined(separator: ", "))")
        }
    }

    fileprivate static func spell(_ path: [any CodingKey]) -> String {
        path.reduce("") { text, key in
            if let index = key.intValue { return "\(text)[\(index)]" }
            return text.isEmpty ? key.stringValue : "\(text).\(key.stringValue)"
        }
    }

    private func refuseUnknownKeys() throws {
        guard case .map(let fields, _) = setting.value, !asked.isEmpty,
            let unknown = fields.keys.filter({ !asked.contains($0) }).min(),
            let origin = fields[unknown]?.origin
        else { return }
        let near = hints(unknown).map { "'\($0)'" }
        let hint = near.isEmpty ? "" : "; did you mean \(near.joined(separator: " or "))?"
        throw BadSetting(
            origin, Self.spell(codingPath + [TextKey(unknown)]),
            "is not a setting\(hint) (known here: \(asked.sorted().joined(separator: ", ")))")
    }

    /// What is spelled most like the unknown key: names of this group, or, where another group has a nearer
    /// one, its path from the top.
    private func hints(_ unknown: String) -> [String] {
        let here = Spelling.nearest(to: unknown, among: asked.sorted())
        let nearest = Spelling.nearest(to: unknown, among: asked + known.compactMap(\.last), count: 1)
        guard let nearest = nearest.first, !asked.contains(nearest) else { return here }
        return known.filter { $0.last == nearest }.map { $0.joined(separator: ".") }
    }

    package func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard case .map(let fields, _) = setting.value else {
            throw BadSetting(
                setting.origin, Self.spell(codingPath), "is \(setting.found), expected a group of settings")
        }
        return KeyedDecodingContainer(Keyed(decoder: self, fields: fields))
    }

    package func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .list(let elements) = setting.value else {
            throw BadSetting(setting.origin, Self.spell(codingPath), "is \(setting.found), expected a list")
        }
        return Unkeyed(elements: elements, codingPath: codingPath, known: known)
    }

    package func singleValueContainer() -> any SingleValueDecodingContainer {
        Single(setting: setting, codingPath: codingPath, known: known)
    }

    private struct Keyed<Key: CodingKey>: KeyedDecodingContainerProtocol {
        let decoder: SettingDecoder
        let fields: [String: SettingTree]
        var codingPath: [any CodingKey] { decoder.codingPath }
        var allKeys: [Key] { fields.keys.sorted().compactMap { Key(stringValue: $0) } }

        private func name(_ key: Key) -> String {
            decoder.isOpen ? key.stringValue : snakeCase(key.stringValue)
        }
        func contains(_ key: Key) -> Bool {
            decoder.asked.insert(name(key))
            return fields[name(key)] != nil
        }
        private func field(_ key: Key) throws -> SettingTree {
            guard contains(key), let found = fields[name(key)] else {
                throw DecodingError.keyNotFound(
                    TextKey(name(key)), .init(codingPath: codingPath, debugDescription: "not there"))
            }
            return found
        }
        private func path(_ key: Key) -> [any CodingKey] { codingPath + [TextKey(name(key))] }
        private func inner(_ key: Key) throws -> SettingDecoder {
            SettingDecoder(try field(key), path: path(key), known: decoder.known)
        }
        func decodeNil(forKey key: Key) throws -> Bool {
            if case .null = try field(key).value { return true }
            return false
        }
        func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
            try SettingDecoder.decode(type, field(key), path: path(key), known: decoder.known)
        }
        func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) throws
            -> KeyedDecodingContainer<Nested>
        {
            try inner(key).container(keyedBy: type)
        }
        func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
            try inner(key).unkeyedContainer()
        }
        func superDecoder() -> any Decoder { decoder }
        func superDecoder(forKey key: Key) throws -> any Decoder { try inner(key) }
    }

    private struct Unkeyed: UnkeyedDecodingContainer {
        let elements: [SettingTree]
        let codingPath: [any CodingKey]
        let known: [[String]]
        var currentIndex = 0
        var count: Int? { elements.count }
        var isAtEnd: Bool { currentIndex == elements.count }

        init(elements: [SettingTree], codingPath: [any CodingKey], known: [[String]]) {
            (self.elements, self.codingPath, self.known) = (elements, codingPath, known)
        }
        private mutating func next() throws -> SettingDecoder {
            guard !isAtEnd else {
                throw DecodingError.valueNotFound(
                    SettingTree.self, .init(codingPath: codingPath, debugDescription: "the list is too short")
                )
            }
            defer { currentIndex += 1 }
            return SettingDecoder(
                elements[currentIndex], path: codingPath + [TextKey(index: currentIndex)], known: known)
        }
        mutating func decodeNil() -> Bool {
            guard !isAtEnd, case .null = elements[currentIndex].value else { return false }
            currentIndex += 1
            return true
        }
        mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
            let element = try next()
            return try SettingDecoder.decode(
                type, element.setting, path: element.codingPath, known: known)
        }
        mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) throws
            -> KeyedDecodingContainer<Nested>
        {
            try next().container(keyedBy: type)
        }
        mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
            try next().unkeyedContainer()
        }
        mutating func superDecoder() throws -> any Decoder { try next() }
    }

    private struct Single: SingleValueDecodingContainer {
        let setting: SettingTree
        let codingPath: [any CodingKey]
        let known: [[String]]
        func decodeNil() -> Bool {
            if case .null = setting.value { return true }
            return false
        }
        func decode<T: Decodable>(_ type: T.Type) throws -> T {
            try SettingDecoder.decode(type, setting, path: codingPath, known: known)
        }
    }
}

/// A key of a recipe, or the index of a list's element.
struct TextKey: CodingKey {
    let stringValue: String
    let intValue: Int?
    init(_ text: String) { (stringValue, intValue) = (text, nil) }
    init(index: Int) { (stringValue, intValue) = ("\(index)", index) }
    init?(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { self.init(index: intValue) }
}
