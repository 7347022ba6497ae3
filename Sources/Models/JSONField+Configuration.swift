import Files
import Foundation

extension JSONField {
    /// Reads a JSON file of a model folder.
    init(_ url: URL) throws {
        guard let data = try? Data(contentsOf: url) else {
            throw ModelsError.noWeights(
                folder: url.path, problem: "cannot be read; a model folder needs this file")
        }
        try self.init(parsing: [UInt8](data), file: url.path)
    }

    /// A positive finite number.
    func positive() throws -> Double {
        guard let number = value?.double, number > 0, number.isFinite else {
            throw bad(expected: "a positive number")
        }
        return number
    }

    /// A whole number of the object, from 1 unless told otherwise; the default where it is absent or null.
    func integer(_ name: String, default standard: Int, in range: ClosedRange<Int> = 1...(1 << 24)) throws
        -> Int
    {
        try optional(name)?.integer(in: range) ?? standard
    }

    /// A token id or a list of them; empty where absent.
    func ids(_ name: String) throws -> [Int32] {
        guard let field = try optional(name) else { return [] }
        let list = if case .array? = field.value { try field.elements() } else { [field] }
        return try list.map {
            guard let id = $0.value?.int.flatMap(Int32.init(exactly:)) else {
                throw field.bad(expected: "a token id or a list of them")
            }
            return id
        }
    }
}

extension JSONValue {
    /// The value as an indented file with sorted keys.
    var configurationFile: [UInt8] { bytes(.pretty) + [0x0A] }
}
