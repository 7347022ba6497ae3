import Files
import Foundation

/// A table with CSV's quoting rules and tabs between fields: a field that begins with `"` runs to its closing
/// quote, across tabs and line ends, and `""` in it is one quote.
struct TabSeparatedFile {
    let name: String
    let header: [String]
    let rows: [Row]

    struct Row {
        /// Line on which the row begins, from 1.
        let line: Int
        /// Parts of the file's bytes; only fields with doubled quotes are copies.
        let fields: [ArraySlice<UInt8>]
    }

    init(_ source: SourceFile) throws {
        name = source.name
        var all = try TabSeparatedFile.rows(source)
        guard !all.isEmpty else {
            throw BenchmarkError.malformed(file: name, line: 1, reason: "the table is empty")
        }
        header = all.removeFirst().fields.map { String(decoding: $0, as: UTF8.self) }
        for row in all where row.fields.count != header.count {
            throw BenchmarkError.malformed(
                file: name, line: row.line,
                reason:
                    "the row has \(row.fields.count) fields, the header \(header.count) (was the file cut "
                    + "off?)"
            )
        }
        rows = all
    }

    private static func rows(_ source: SourceFile) throws -> [Row] {
        let bytes = source.bytes
        var rows: [Row] = []
        var fields: [ArraySlice<UInt8>] = []
        var line = 1
        var start = 1
        // The mark that spreadsheets begin UTF-8 with is no part of the first column's name.
        var position = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        while position < bytes.count {
            // One field, then what ends it.
            var quoted: [UInt8]?
            if bytes[position] == UInt8(ascii: "\"") {
                let opened = line
                var field: [UInt8] = []
                position += 1
                inside: while true {
                    guard position < bytes.count else {
                        throw BenchmarkError.malformed(
                            file: source.name, line: opened, reason: "a quoted field is never closed")
                    }
                    switch bytes[position] {
                    case UInt8(ascii: "\"")
                    where position + 1 < bytes.count && bytes[position + 1] == UInt8(ascii: "\""):
                        position += 1
                    case UInt8(ascii: "\""):
                        position += 1
                        break inside
                    case 0x0A: line += 1
                    default: break
                    }
                    field.append(bytes[position])
                    position += 1
                }
                quoted = field
            }
            let end = bytes[position...].firstIndex { $0 == 0x09 || $0 == 0x0A || $0 == 0x0D } ?? bytes.count
            let field = quoted.map { ($0 + bytes[position..<end])[...] } ?? bytes[position..<end]
            position = end
            fields.append(field)
            if position < bytes.count, bytes[position] == 0x09 {
                position += 1
                if position < bytes.count { continue }
                fields.append([])
            }
            if position < bytes.count, bytes[position] == 0x0D { position += 1 }
            if position < bytes.count, bytes[position] == 0x0A, position == end || bytes[position - 1] == 0x0D
            {
                position += 1
            }
            if fields.count > 1 || fields.first?.isEmpty == false {
                rows.append(Row(line: start, fields: fields))
            }
            fields = []
            line += 1
            start = line
        }
        return rows
    }

    /// A column's place; an error that names it where the table has none.
    func column(_ column: String) throws -> Int {
        guard let index = header.firstIndex(of: column) else {
            throw FilesError.badField(
                place: "\(name):1", field: column,
                found: "no column (there are \(header.joined(separator: ", ")))",
                expected: "a column of that name")
        }
        return index
    }
}
