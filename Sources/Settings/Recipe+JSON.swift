import Files

extension Recipe {
    /// The recipe as a receipt has kept it.
    ///
    /// - Throws: `BadSetting` for what is no recipe of this kind
    public init(receipt: JSONValue) throws { self = try SettingDecoder.recipe(SettingTree(json: receipt)) }
}

extension SettingTree {
    init(json: JSONValue) {
        let value: Value =
            switch json {
            case .null: .null
            case .bool(let value): .bool(value)
            case .int(let value): .int(value)
            case .double(let value): .double(value)
            case .string(let value): .string(value)
            case .array(let elements): .list(elements.map(SettingTree.init(json:)))
            case .object(let object):
                .map(
                    Dictionary(object.members.map { ($0.name, SettingTree(json: $0.value)) }) { $1 },
                    isOpen: false)
            }
        self.init(value: value, origin: .defaults)
    }
}
