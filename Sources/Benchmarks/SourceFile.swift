import Files
import Foundation

/// A text file of a benchmark, read whole, whose records know their line.
struct SourceFile {
    let url: URL
    let bytes: [UInt8]

    /// The path as errors show it.
    var name: String { url.path }

    init(_ url: URL) throws {
        self.url = url
        do {
            bytes = [UInt8](try Data(contentsOf: url))
        } catch {
            throw BenchmarkError.unreadable(file: url.path, reason: (error as NSError).localizedDescription)
        }
    }

    /// The file `path` of a benchmark's folder.
    init(_ path: String, in folder: URL, of benchmark: String) throws {
        let url = folder.file(path)
        guard url.exists else {
            throw BenchmarkError.missingFile(benchmark: benchmark, file: path, folder: folder.path)
        }
        try self.init(url)
    }

    /// The file as one JSON document.
    func document() throws -> JSONValue {
        do {
            return try JSONValue(parsing: bytes, replacingLoneSurrogates: true)
        } catch let failure {
            throw BenchmarkError.malformed(file: name, line: failure.line, reason: failure.reason)
        }
    }

    /// The file as one JSON object.
    func object() throws -> JSONObject {
        guard case .object(let object) = try document() else {
            throw BenchmarkError.malformed(file: name, line: 1, reason: "expected one JSON object")
        }
        return object
    }

    /// One record a line, split at line feeds only: U+2028 and U+0085 inside a string are data. Blank lines
    /// are skipped.
    func records() throws -> [Record] {
        var records: [Record] = []
        try bytes.withUnsafeBufferPointer { bytes in
            var start = 0
            var line = 0
            while start < bytes.count {
                let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
                line += 1
                defer { start = end + 1 }
                if bytes[start..<end].allSatisfy({ $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }) { continue }
                do {
                    let value = try JSONValue(
                        parsing: bytes, range: start..<end, line: line, replacingLoneSurrogates: true)
                    guard case .object(let object) = value else {
                        throw BenchmarkError.malformed(
                            file: name, line: line, reason: "expected a JSON object on every line")
                    }
                    records.append(Record(file: name, object: object))
                } catch let failure as JSONFailure {
                    throw BenchmarkError.malformed(file: name, line: failure.line, reason: failure.reason)
                }
            }
        }
        return records
    }

    /// The lines of a plain text file, without line feeds and carriage returns at their ends; the last may be
    /// empty.
    func lines() throws -> [String] {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw BenchmarkError.malformed(file: name, line: 1, reason: "the file is not UTF-8 text")
        }
        return text.linesSplitAtLineFeeds.map { line in
            let end = line.utf8.last == 0x0D ? line.utf8.dropLast() : line.utf8[...]
            return String(decoding: end, as: UTF8.self)
        }
    }
}

extension URL {
    var exists: Bool { FileManager.default.fileExists(atPath: path) }

    /// The file `path` below this folder, without a look at the disk.
    func file(_ path: String) -> URL { appending(path: path, directoryHint: .notDirectory) }
}

/// One JSON object of a file, asked for its fields by name and type.
struct Record {
    let file: String
    let object: JSONObject

    var line: Int { object.line }

    func error(_ field: String, found: String, expected: String) -> BenchmarkError {
        .field(file: file, line: line, field: field, found: found, expected: expected)
    }

    private func wrong(_ field: String, _ value: JSONValue?, expected: String) -> BenchmarkError {
        error(field, found: value?.kind ?? "absent", expected: expected)
    }

    func value(_ field: String) -> JSONValue? { object[field] }

    func string(_ field: String) throws -> String {
        guard case .string(let value)? = object[field] else {
            throw wrong(field, object[field], expected: "a string")
        }
        return value
    }

    /// nil where the field is absent or null.
    func optionalString(_ field: String) throws -> String? {
        switch object[field] {
        case nil, .null?: nil
        case .string(let value)?: value
        case let value: throw wrong(field, value, expected: "a string or null")
        }
    }

    func integer(_ field: String) throws -> Int {
        guard case .int(let value)? = object[field] else {
            throw wrong(field, object[field], expected: "an integer")
        }
        return value
    }

    func bool(_ field: String) throws -> Bool {
        guard case .bool(let value)? = object[field] else {
            throw wrong(field, object[field], expected: "true or false")
        }
        return value
    }

    func array(_ field: String) throws -> [JSONValue] {
        guard case .array(let values)? = object[field] else {
            throw wrong(field, object[field], expected: "an array")
        }
        return values
    }

    func strings(_ field: String) throws -> [String] {
        try array(field).map { value in
            guard case .string(let string) = value else {
                throw error(field, found: "an array with \(value.kind)", expected: "an array of strings")
            }
            return string
        }
    }

    func records(_ field: String) throws -> [Record] {
        try array(field).map { value in
            guard case .object(let object) = value else {
                throw error(field, found: "an array with \(value.kind)", expected: "an array of objects")
            }
            return Record(file: file, object: object)
        }
    }

    func record(_ field: String) throws -> Record {
        guard case .object(let inner)? = object[field] else {
            throw wrong(field, object[field], expected: "an object")
        }
        return Record(file: file, object: inner)
    }

    /// A question's id, of the type it has in the file.
    func identifier(_ field: String) throws -> QuestionID {
        switch object[field] {
        case .int(let value)?: .integer(value)
        case .string(let value)?: .string(value)
        case let value: throw wrong(field, value, expected: "an integer or a string")
        }
    }
}
