import Files

/// A group of settings: one struct whose properties are declared with `@Setting`, each with its one default.
///
/// The keys in files and receipts are the properties' names in snake case. A recipe inside a recipe (also as
/// an element of a list, or optional) gets its own defaults and checks. The key `base` at the top of a file
/// is reserved: it names a file this one overrides.
public protocol Recipe: Codable, Sendable {
    /// The defaults, as the properties' initial values.
    init()
    /// Throws `SettingProblem` for what the bounds of single settings cannot say.
    func validate() throws
}

extension Recipe {
    public func validate() throws {}

    /// Checks every setting against its bounds, then what `validate()` knows, nested recipes first.
    ///
    /// - Throws: `SettingProblem`
    public func check() throws {
        for entry in SettingEntry.all(of: self) {
            if let recipe = entry.value as? any Recipe {
                do { try recipe.check() } catch let problem as SettingProblem {
                    throw SettingProblem("\(entry.key).\(problem.key)", problem.problem)
                }
            } else if let bounds = entry.description?.bounds {
                try bounds.check(SettingEncoder.encode(entry.value), entry.key)
            }
        }
        try validate()
    }

    /// The recipe with every setting in it, absent ones as null: for the receipt.
    public func tree() throws -> JSONValue { try SettingEncoder.encode(self).json }

    /// Dotted keys of the settings that cannot change a result.
    public var neutralKeys: Set<String> {
        SettingEntry.all(of: self).reduce(into: []) { keys, entry in
            if entry.description?.changesResult == false { keys.insert(entry.key) }
            if let recipe = entry.value as? any Recipe {
                keys.formUnion(recipe.neutralKeys.map { "\(entry.key).\($0)" })
            }
        }
    }
}

/// A setting that cannot be, by its key in the recipe. The loader adds the file and line.
public struct SettingProblem: Error, Equatable, CustomStringConvertible {
    /// As in the file, relative to the recipe that throws: `weights.sft`.
    public let key: String
    /// Continues a sentence that starts with the key: `is -1, expected 0 or more`.
    public let problem: String

    public init(_ key: String, _ problem: String) {
        self.key = key
        self.problem = problem
    }

    public var description: String { "'\(key)' \(problem)" }

    /// The value of a setting that has no default and must be given.
    public static func require<Value>(_ value: Value?, _ key: String) throws -> Value {
        guard let value else {
            throw SettingProblem(
                key, "is not set and has no default; write it in the recipe or give --set \(key)=…")
        }
        return value
    }

    /// The colour that a setting names by its red, green and blue; nil where it names none.
    @discardableResult
    public static func requireColour(_ value: [Int]?, _ key: String) throws -> [UInt8]? {
        guard let value else { return nil }
        try require(value, key, in: 0...255)
        guard value.count == 3 else {
            throw SettingProblem(key, "is \(value), expected red, green and blue: three numbers")
        }
        return value.map { UInt8(clamping: $0) }
    }

    /// Throws unless the number, or every number of a list or group, is within the bounds.
    public static func require(_ value: some Encodable, _ key: String, in range: some NumberRange) throws {
        try range.bounds.check(SettingEncoder.encode(value), key)
    }
}

/// A setting that was refused, and where it was written.
public struct BadSetting: ExitCoded, Equatable, CustomStringConvertible {
    /// `file:line` or the option.
    public let place: String
    /// From the top of the recipe: `phases[1].rate`.
    public let key: String
    /// Continues a sentence that starts with the key.
    public let problem: String
    /// Whether the command line said it, and no file.
    public let isOption: Bool

    package init(_ origin: SettingOrigin, _ key: String, _ problem: String) {
        (place, self.key, self.problem, isOption) = (origin.place, key, problem, origin.isOption)
    }

    public var description: String { "\(place): '\(outside: key)' \(problem)" }
    public var exitCode: Int32 { isOption ? ExitStatus.usage : ExitStatus.badData }
}
