/// A setting of a recipe, with all that a user can know of it.
///
/// ```swift
/// @Setting("Optimizer steps.", in: 1..., null: "as many as the epochs take")
/// public var steps: Int?
/// ```
/// The text documents the property; the checks, `--print-recipe` and the schemas are made of the rest. The
/// initial value is the default, and the type says which values there are.
@propertyWrapper
public struct Setting<Value: Codable & Sendable>: Codable, Sendable {
    public var wrappedValue: Value
    /// Nil in what was decoded: the recipe's defaults have it.
    let description: SettingDescription?

    /// - Parameters:
    ///   - text: what the setting does, as sentences
    ///   - unit: of the number
    ///   - range: of the number, or of every number in a list or a group
    ///   - null: what null means, where the value may be null
    ///   - equation: of the paper, or the table or section it comes from
    ///   - changesResult: false for what only says how the work goes on (how often a state is written): a
    ///     result or a state of another value is as good
    public init(
        wrappedValue: Value, _ text: String, unit: String? = nil, in range: (any NumberRange)? = nil,
        null: String? = nil, equation: String? = nil, changesResult: Bool = true
    ) {
        self.wrappedValue = wrappedValue
        description = SettingDescription(
            text: text, unit: unit, bounds: range?.bounds, null: null, equation: equation,
            changesResult: changesResult)
    }

    /// The same for a value that is null unless it is set.
    public init(
        _ text: String, unit: String? = nil, in range: (any NumberRange)? = nil, null: String? = nil,
        equation: String? = nil, changesResult: Bool = true
    ) where Value: ExpressibleByNilLiteral {
        self.init(
            wrappedValue: nil, text, unit: unit, in: range, null: null, equation: equation,
            changesResult: changesResult)
    }

    public init(from decoder: any Decoder) throws {
        wrappedValue = try decoder.singleValueContainer().decode(Value.self)
        description = nil
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(wrappedValue)
    }
}

extension Setting: Equatable where Value: Equatable {
    public static func == (a: Setting, b: Setting) -> Bool { a.wrappedValue == b.wrappedValue }
}

/// What a setting is, apart from its key and value. A class, so that settings stay small.
final class SettingDescription: Sendable {
    let text: String
    let unit: String?
    let bounds: Bounds?
    let null: String?
    let equation: String?
    let changesResult: Bool

    init(
        text: String, unit: String?, bounds: Bounds?, null: String?, equation: String?, changesResult: Bool
    ) {
        (self.text, self.unit, self.bounds, self.null, self.equation) = (text, unit, bounds, null, equation)
        self.changesResult = changesResult
    }
}

/// `Setting` of any value.
private protocol AnySetting {
    var description: SettingDescription? { get }
    var anyValue: any Codable & Sendable { get }
    var valueType: Any.Type { get }
}
extension Setting: AnySetting {
    var anyValue: any Codable & Sendable { wrappedValue }
    var valueType: Any.Type { Value.self }
}

/// One setting of a recipe's value: key, description, value.
struct SettingEntry {
    let key: String
    let description: SettingDescription?
    let type: Any.Type
    let value: any Codable & Sendable
    let defaultValue: any Codable & Sendable

    /// Those declared with `@Setting`, in their order.
    static func all<R: Recipe>(of recipe: R, defaults: R = R()) -> [SettingEntry] {
        zip(Mirror(reflecting: recipe).children, Mirror(reflecting: defaults).children).compactMap {
            child, byDefault in
            guard let label = child.label, let setting = child.value as? any AnySetting,
                let original = byDefault.value as? any AnySetting
            else { return nil }
            return SettingEntry(
                key: snakeCase(label.hasPrefix("_") ? String(label.dropFirst()) : label),
                description: original.description, type: setting.valueType, value: setting.anyValue,
                defaultValue: original.anyValue)
        }
    }
}

/// `learningRate` as files spell it: `learning_rate`.
func snakeCase(_ name: String) -> String {
    var text = ""
    var afterCapital = true
    for letter in name {
        if letter.isUppercase, !afterCapital { text += "_" }
        text += letter.lowercased()
        afterCapital = letter.isUppercase || letter == "_"
    }
    return text
}
