/// A type that one YAML scalar holds.
protocol ScalarSetting {
    /// What a message says was expected.
    static var expected: String { get }
    /// nil when the value is of another kind.
    init?(_ value: SettingTree.Value)
}

extension Bool: ScalarSetting {
    static let expected = "true or false"
    init?(_ value: SettingTree.Value) {
        guard case .bool(let found) = value else { return nil }
        self = found
    }
}

extension String: ScalarSetting {
    static let expected = "text"
    init?(_ value: SettingTree.Value) {
        guard case .string(let found) = value else { return nil }
        self = found
    }
}

extension ScalarSetting where Self: BinaryFloatingPoint {
    static var expected: String { "a number" }
    init?(_ value: SettingTree.Value) {
        switch value {
        case .double(let found): self.init(found)
        case .int(let found): self.init(found)
        default: return nil
        }
    }
}
extension Double: ScalarSetting {}
extension Float: ScalarSetting {}

extension ScalarSetting where Self: FixedWidthInteger {
    static var expected: String {
        Self.bitWidth == Int.bitWidth && isSigned
            ? "a whole number" : "a whole number from \(Self.min) to \(Self(clamping: Int.max))"
    }
    /// Also takes `1e4`, a whole number in a float's spelling. Not beyond `Int.max`, which is what a receipt
    /// can keep.
    init?(_ value: SettingTree.Value) {
        switch value {
        case .int(let found): self.init(exactly: found)
        case .double(let found):
            guard let whole = Int(exactly: found) else { return nil }
            self.init(exactly: whole)
        default: return nil
        }
    }
}
extension Int: ScalarSetting {}
extension Int8: ScalarSetting {}
extension Int16: ScalarSetting {}
extension Int32: ScalarSetting {}
extension Int64: ScalarSetting {}
extension UInt: ScalarSetting {}
extension UInt8: ScalarSetting {}
extension UInt16: ScalarSetting {}
extension UInt32: ScalarSetting {}
extension UInt64: ScalarSetting {}
