import Files

/// A stage's settings: one struct, each field with its one documented default.
///
/// A recipe inside a recipe (also as an element of a list, or optional) gets its own defaults and its own
/// `validate()`. The key `base` at the top of a file is reserved: it names a file this one overrides.
public protocol Recipe: Codable, Sendable {
    /// The defaults, as the fields' initial values.
    init()
    /// Throws `SettingProblem` for values that make no sense; called once after loading.
    func validate() throws
}

extension Recipe {
    public func validate() throws {}

    /// The recipe with every setting in it, absent ones as null: for the receipt.
    public func tree() throws -> JSONValue { try SettingEncoder.encode(self).json }
}

/// What `validate()` throws: which setting and what is wrong with it. The loader adds the file and line.
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

    /// Throws unless the value is in the range: `1...8`, `0...`, `0..<1`.
    public static func require<Value: Comparable>(
        _ value: Value, _ key: String, in range: some RangeExpression<Value>
    ) throws {
        guard !range.contains(value) else { return }
        let expected =
            switch range {
            case let range as PartialRangeFrom<Value>: "\(range.lowerBound) or more"
            case let range as PartialRangeThrough<Value>: "\(range.upperBound) or less"
            case let range as PartialRangeUpTo<Value>: "less than \(range.upperBound)"
            case let range as ClosedRange<Value>: "\(range.lowerBound) to \(range.upperBound)"
            case let range as Range<Value>: "at least \(range.lowerBound) and less than \(range.upperBound)"
            default: "\(range)"
            }
        throw SettingProblem(key, "is \(value), expected \(expected)")
    }
}
