import Files
import Foundation

/// Reading and writing of records as JSON: a field is a property's name in snake_case.
///
/// Names that hold no underscore are read as they are, so that the camelCase names of receipts of format 1
/// (`outputDigest`) fit the same properties.
package enum RecordFormat {
    /// How numbers are written that are not finite, where a record may have them.
    private static let (infinity, minusInfinity, nan) = ("inf", "-inf", "nan")

    /// The record as one line of JSON, its fields sorted by name. A number that is not finite is a text.
    package static func line(_ record: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: infinity, negativeInfinity: minusInfinity, nan: nan)
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return [UInt8](try encoder.encode(record))
    }

    private struct Head: Decodable { let format: String? }

    /// A document whose `format` is the one that its reader knows.
    ///
    /// - Throws: `RecordError`, `FilesError` where the file cannot be read
    static func document<Record: Decodable>(_ type: Record.Type, _ file: URL, format: String) throws -> Record
    {
        let bytes = try InputBytes.read(file)
        let found = try decode(Head.self, bytes, file: file.path).format
        guard found == format else {
            throw RecordError.otherFormat(
                file: file.path, found: found.map { "\"\($0)\"" } ?? "not given", expected: format)
        }
        return try decode(type, bytes, file: file.path)
    }

    /// The records of a file that has one on each line.
    ///
    /// - Throws: `RecordError` for the first line that is none, `FilesError` where the file cannot be read
    static func lines<Record: Decodable>(_ type: Record.Type, _ file: URL) throws -> [Record] {
        var records: [Record] = []
        try JSONLines.forEach(of: file) { line in
            records.append(try decode(type, line.bytes, file: file.path, line: line.number))
        }
        return records
    }

    /// - Parameters:
    ///   - line: the number of the only line of `bytes`; nil where they are a whole document
    ///   - allowsNonFinite: whether a number may be the text that stands for one that is not finite
    /// - Throws: `RecordError` with file, line and field
    package static func decode<Record: Decodable>(
        _ type: Record.Type, _ bytes: [UInt8], file: String, line: Int? = nil, allowsNonFinite: Bool = false
    ) throws(RecordError) -> Record {
        let decoder = JSONDecoder()
        if allowsNonFinite {
            decoder.nonConformingFloatDecodingStrategy = .convertFromString(
                positiveInfinity: infinity, negativeInfinity: minusInfinity, nan: nan)
        }
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            return try decoder.decode(type, from: Data(bytes))
        } catch let error as DecodingError {
            throw refusal(error, bytes, file, line)
        } catch {
            throw RecordError.malformed(file: file, line: line ?? 1, problem: "\(error)")
        }
    }

    private static func refusal(_ error: DecodingError, _ bytes: [UInt8], _ file: String, _ line: Int?)
        -> RecordError
    {
        func field(_ path: [any CodingKey], _ problem: String) -> RecordError {
            let name = spelled(path)
            return name.isEmpty
                ? .malformed(file: file, line: line ?? 1, problem: "the record \(problem)")
                : .field(file: file, line: line, field: name, problem: problem)
        }
        switch error {
        case .keyNotFound(let key, let context): return field(context.codingPath + [key], "is absent")
        case .typeMismatch(let type, let context):
            return field(context.codingPath, "is not \(described(type))")
        case .valueNotFound(let type, let context):
            return field(context.codingPath, "is null, expected \(described(type))")
        case .dataCorrupted(let context):
            if !context.codingPath.isEmpty { return field(context.codingPath, "is not as expected") }
        @unknown default: break
        }
        do throws(JSONFailure) {
            _ = try JSONValue(parsing: bytes, line: line ?? 1)
            return .malformed(file: file, line: line ?? 1, problem: "\(error)")
        } catch { return .malformed(file: file, line: error.line, problem: error.reason) }
    }

    /// `students[0].e_train.low`, as the file has it.
    private static func spelled(_ path: [any CodingKey]) -> String {
        path.reduce("") { text, key in
            if let index = key.intValue { return "\(text)[\(index)]" }
            let name = key.stringValue.reduce("") { $0 + ($1.isUppercase ? "_\($1.lowercased())" : "\($1)") }
            return text.isEmpty ? name : "\(text).\(name)"
        }
    }

    private static func described(_ type: Any.Type) -> String {
        switch type {
        case is String.Type: "a text"
        case is Bool.Type: "true or false"
        case is any BinaryInteger.Type: "an integer"
        case is any BinaryFloatingPoint.Type: "a number"
        case is any Sequence.Type: "a list or an object"
        default: "an object"
        }
    }

    /// A number for a file; null where it is undefined.
    static func number(_ value: Double?) -> JSONValue {
        value.map { $0.isFinite ? .double($0) : .null } ?? .null
    }
}
