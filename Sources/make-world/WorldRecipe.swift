import Stage
import World

extension BenchmarkSizes: Recipe {
    public init() { self.init(gqa: 200) }
}

/// The recipe is the library's own settings; a value out of range is named with its line in the file.
extension WorldSettings: Recipe {
    public func validate() throws {
        do {
            try check()
        } catch WorldError.setting(let key, let found, let expected) {
            throw SettingProblem(key, "is \(found), expected \(expected)")
        }
    }
}
