import Files
import Foundation

extension JSONField {
    /// Reads a JSON file of a model folder.
    init(_ url: URL) throws {
        guard FileManager.default.fileExists(atPath: url.path) else {
            throw ModelsError.noWeights(
                folder: url.path, problem: "cannot be read; a model folder needs this file")
        }
        try self.init(parsing: InputBytes.read(url), file: url.path)
    }

    /// A number of the object in a range; nil where it is absent or null.
    func number(_ name: String, in range: ClosedRange<Double>) throws -> Double? {
        guard let field = try optional(name) else { return nil }
        guard let number = field.value?.double, range.contains(number) else {
            throw field.bad(expected: "a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// What is added to a variance before its root: published models have 1e-5 and 1e-6.
    func epsilon(_ name: String) throws -> Double? { try number(name, in: 1e-12...1e-2) }

    /// Refuses settings of a configuration that nothing here is computed with and that no model can have: a
    /// file that holds them was damaged or made by mistake.
    func refuseImpossible() throws {
        for name in ["initializer_range", "initializer_factor"] { _ = try number(name, in: 0...10) }
        for name in ["attention_dropout", "hidden_dropout", "dropout"] { _ = try number(name, in: 0...1) }
        for name in ["image_seq_length", "projection_dim", "sliding_window", "max_window_layers"] {
            _ = try optional(name)?.integer(in: 0...1 << 31)
        }
    }

    /// A whole number of the object, from 1 unless told otherwise; the default where it is absent or null.
    func integer(_ name: String, default standard: Int, in range: ClosedRange<Int> = 1...(1 << 24)) throws
        -> Int
    {
        try optional(name)?.integer(in: range) ?? standard
    }

    /// A token id or a list of them; empty where absent.
    ///
    /// - Parameter standard: the id where the field is absent; null means none
    func ids(_ name: String, default standard: Int32? = nil) throws -> [Int32] {
        guard let field = try optional(name) else {
            return try self[name].value == nil ? [standard].compactMap { $0 } : []
        }
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
    /// The value as a file laid out as Python does: strict readers tell 1.0 from 1.
    var configurationFile: [UInt8] { bytes(.indented) + [0x0A] }
}
