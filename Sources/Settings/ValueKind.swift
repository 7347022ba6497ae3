/// The values that a setting may have, as its type says.
indirect enum ValueKind {
    case flag, whole, number, text
    case choice([String])
    case list(ValueKind)
    case group
    case either([ValueKind])

    /// - Parameter type: an optional stands for what it wraps
    init(_ type: Any.Type) {
        switch type {
        case let optional as any OptionalValue.Type: self.init(optional.wrapped)
        case let several as any SeveralForms.Type: self = .either(several.forms.map { ValueKind($0) })
        case let list as any ListValue.Type: self = .list(ValueKind(list.element))
        case is Bool.Type: self = .flag
        case is String.Type: self = .text
        case is any FixedWidthInteger.Type: self = .whole
        case is any BinaryFloatingPoint.Type: self = .number
        default: self = choices(type).map { .choice($0) } ?? .group
        }
    }

    /// As `--print-recipe` calls it.
    var name: String {
        switch self {
        case .flag: Bool.expected
        case .whole: Int.expected
        case .number: Double.expected
        case .text: String.expected
        case .choice(let cases): cases.joined(separator: " | ")
        case .list(.choice(let cases)): "list of \(cases.joined(separator: " | "))"
        case .list(.whole): "list of whole numbers"
        case .list(.number): "list of numbers"
        case .list: "list"
        case .group: "group"
        case .either(let kinds): kinds.map(\.name).joined(separator: ", or ")
        }
    }
}

/// The texts an enumeration can be written as; nil for other types.
func choices(_ type: Any.Type) -> [String]? {
    guard let listed = type as? any CaseIterable.Type else { return nil }
    func texts<Listed: CaseIterable>(_ type: Listed.Type) -> [String] {
        type.allCases.map { ($0 as? any RawRepresentable).map { "\($0.rawValue)" } ?? "\($0)" }
    }
    return texts(listed)
}

func isOptional(_ type: Any.Type) -> Bool { type is any OptionalValue.Type }

private protocol OptionalValue { static var wrapped: Any.Type { get } }
extension Optional: OptionalValue { static var wrapped: Any.Type { Wrapped.self } }
private protocol ListValue { static var element: Any.Type { get } }
extension Array: ListValue { static var element: Any.Type { Element.self } }
