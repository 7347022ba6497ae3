/// What may bound a number: `1...64`, `0...`, `0..<1`, or `Bounds.above(0)`.
public protocol NumberRange {
    var bounds: Bounds { get }
}

/// Bounds of a number. Infinity and NaN are in none.
public struct Bounds: Equatable, Sendable, CustomStringConvertible, NumberRange {
    var lower: Double
    var excludesLower = false
    var upper: Double?
    var excludesUpper = false

    /// More than `lower`, and up to `upper`, itself included, or less than `limit`, where one is given.
    public static func above(_ lower: Double, to upper: Double? = nil, below limit: Double? = nil) -> Bounds {
        Bounds(lower: lower, excludesLower: true, upper: upper ?? limit, excludesUpper: limit != nil)
    }

    public var bounds: Bounds { self }

    func contains(_ value: Double) -> Bool {
        guard value.isFinite, excludesLower ? value > lower : value >= lower else { return false }
        guard let upper else { return true }
        return excludesUpper ? value < upper : value <= upper
    }

    /// Throws for the first number of the tree that is outside.
    func check(_ tree: SettingTree, _ key: String) throws {
        func require(_ value: Double, _ text: String) throws {
            guard contains(value) else { throw SettingProblem(key, "is \(text), expected \(self)") }
        }
        switch tree.value {
        case .int(let value): try require(Double(value), "\(value)")
        case .double(let value): try require(value, "\(value)")
        case .list(let elements):
            for (index, element) in elements.enumerated() { try check(element, "\(key)[\(index)]") }
        case .map(let fields, _):
            for (name, field) in fields.sorted(by: { $0.key < $1.key }) { try check(field, "\(key).\(name)") }
        case .null, .bool, .string: break
        }
    }

    public var description: String {
        func text(_ value: Double) -> String { Int(exactly: value).map { "\($0)" } ?? "\(value)" }
        switch (excludesLower, upper) {
        case (false, nil): return "\(text(lower)) or more"
        case (true, nil): return "more than \(text(lower))"
        case (false, let upper?) where !excludesUpper: return "\(text(lower)) to \(text(upper))"
        case (_, let upper?):
            return (excludesLower ? "more than " : "at least ") + text(lower)
                + (excludesUpper ? " and less than " : " and at most ") + text(upper)
        }
    }
}

/// Int and Double: the numbers that bounds are written with.
public protocol BoundNumber: Comparable {
    var asDouble: Double { get }
}
extension Int: BoundNumber { public var asDouble: Double { Double(self) } }
extension Double: BoundNumber { public var asDouble: Double { self } }

extension ClosedRange: NumberRange where Bound: BoundNumber {
    public var bounds: Bounds { Bounds(lower: lowerBound.asDouble, upper: upperBound.asDouble) }
}
extension PartialRangeFrom: NumberRange where Bound: BoundNumber {
    public var bounds: Bounds { Bounds(lower: lowerBound.asDouble) }
}
extension Range: NumberRange where Bound: BoundNumber {
    public var bounds: Bounds {
        Bounds(lower: lowerBound.asDouble, upper: upperBound.asDouble, excludesUpper: true)
    }
}
