import Files

/// Makes a recipe from a tree of settings, strictly: a key nobody asked for is an error, and so is a wrong
/// type.
final class SettingDecoder: Decoder {
    let codingPath: [any CodingKey]
    let userInfo: [CodingUserInfoKey: Any] = [:]
    fileprivate let setting: Setting
    private var asked: Set<String> = []

    fileprivate init(_ setting: Setting, path: [any CodingKey]) {
        self.setting = setting
        codingPath = path
    }

    /// Decodes, checks for unknown keys, and validates; recipes get their defaults first.
    static func decode<T: Decodable>(_ type: T.Type, _ given: Setting, path: [any CodingKey] = []) throws -> T
    {
        func bad(_ problem: String) -> StageError { badSetting(given.origin, path, problem) }
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
        let decoder = SettingDecoder(setting, path: path)
        do {
            let value = try T(from: decoder)
            try decoder.refuseUnknownKeys()
            try (value as? any Recipe)?.validate()
            return value
        } catch let problem as SettingProblem {
            let keys = problem.key.split(separator: ".").map(String.init)
            throw badSetting(setting.origin(at: keys), path + keys.map { TextKey($0) }, problem.problem)
        } catch DecodingError.keyNotFound(let key, _) {
            try decoder.refuseUnknownKeys()
            throw bad("has no '\(key.stringValue)', which has no default")
        } catch let error as DecodingError {
            guard let cases = choices(T.self) else { throw bad("is \(given.found): \(error)") }
            throw bad("is \(given.found), expected one of \(cases.joined(separator: ", "))")
        }
    }

    /// The texts an enumeration can be written as; nil for other types.
    private static func choices(_ type: Any.Type) -> [String]? {
        guard let listed = type as? any CaseIterable.Type else { return nil }
        func texts<Listed: CaseIterable>(_ type: Listed.Type) -> [String] {
            type.allCases.map { ($0 as? any RawRepresentable).map { "\($0.rawValue)" } ?? "\($0)" }
        }
        return texts(listed)
    }

    fileprivate static func badSetting(_ origin: SettingOrigin, _ path: [any CodingKey], _ problem: String)
        -> StageError
    {
        .badSetting(place: origin.place, key: spell(path), problem: problem, isOption: origin.isOption)
    }

    private static func spell(_ path: [any CodingKey]) -> String {
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
        let near = Spelling.nearest(to: unknown, among: asked.sorted()).map { "'\($0)'" }
        let hint = near.isEmpty ? "" : "; did you mean \(near.joined(separator: " or "))?"
        throw Self.badSetting(
            origin, codingPath + [TextKey(unknown)],
            "is not a setting\(hint) (known here: \(asked.sorted().joined(separator: ", ")))")
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard case .map(let fields, _) = setting.value else {
            throw Self.badSetting(
                setting.origin, codingPath, "is \(setting.found), expected a group of settings")
        }
        return KeyedDecodingContainer(Keyed(decoder: self, fields: fields))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .list(let elements) = setting.value else {
            throw Self.badSetting(setting.origin, codingPath, "is \(setting.found), expected a list")
        }
        return Unkeyed(elements: elements, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer {
        Single(setting: setting, codingPath: codingPath)
    }

    private struct Keyed<Key: CodingKey>: KeyedDecodingContainerProtocol {
        let decoder: SettingDecoder
        let fields: [String: Setting]
        var codingPath: [any CodingKey] { decoder.codingPath }
        var allKeys: [Key] { fields.keys.sorted().compactMap { Key(stringValue: $0) } }

        func contains(_ key: Key) -> Bool {
            decoder.asked.insert(key.stringValue)
            return fields[key.stringValue] != nil
        }
        private func field(_ key: Key) throws -> Setting {
            guard contains(key), let found = fields[key.stringValue] else {
                throw DecodingError.keyNotFound(
                    key, .init(codingPath: codingPath, debugDescription: "not there"))
            }
            return found
        }
        func decodeNil(forKey key: Key) throws -> Bool {
            if case .null = try field(key).value { return true }
            return false
        }
        func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
            try SettingDecoder.decode(type, field(key), path: codingPath + [key])
        }
        func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) throws
            -> KeyedDecodingContainer<Nested>
        {
            try SettingDecoder(field(key), path: codingPath + [key]).container(keyedBy: type)
        }
        func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
            try SettingDecoder(field(key), path: codingPath + [key]).unkeyedContainer()
        }
        func superDecoder() -> any Decoder { decoder }
        func superDecoder(forKey key: Key) throws -> any Decoder {
            SettingDecoder(try field(key), path: codingPath + [key])
        }
    }

    private struct Unkeyed: UnkeyedDecodingContainer {
        let elements: [Setting]
        let codingPath: [any CodingKey]
        var currentIndex = 0
        var count: Int? { elements.count }
        var isAtEnd: Bool { currentIndex == elements.count }

        init(elements: [Setting], codingPath: [any CodingKey]) {
            self.elements = elements
            self.codingPath = codingPath
        }
        private mutating func next() throws -> (Setting, [any CodingKey]) {
            guard !isAtEnd else {
                throw DecodingError.valueNotFound(
                    Setting.self, .init(codingPath: codingPath, debugDescription: "the list is too short"))
            }
            defer { currentIndex += 1 }
            return (elements[currentIndex], codingPath + [TextKey(index: currentIndex)])
        }
        mutating func decodeNil() -> Bool {
            guard !isAtEnd, case .null = elements[currentIndex].value else { return false }
            currentIndex += 1
            return true
        }
        mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
            let (setting, path) = try next()
            return try SettingDecoder.decode(type, setting, path: path)
        }
        mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) throws
            -> KeyedDecodingContainer<Nested>
        {
            let (setting, path) = try next()
            return try SettingDecoder(setting, path: path).container(keyedBy: type)
        }
        mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
            let (setting, path) = try next()
            return try SettingDecoder(setting, path: path).unkeyedContainer()
        }
        mutating func superDecoder() throws -> any Decoder {
            let (setting, path) = try next()
            return SettingDecoder(setting, path: path)
        }
    }

    private struct Single: SingleValueDecodingContainer {
        let setting: Setting
        let codingPath: [any CodingKey]
        func decodeNil() -> Bool {
            if case .null = setting.value { return true }
            return false
        }
        func decode<T: Decodable>(_ type: T.Type) throws -> T {
            try SettingDecoder.decode(type, setting, path: codingPath)
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
