import Files
import Foundation

/// Ids of a `tokenizer.json`, without its rules: all that putting a model together needs.
struct TokenizerFile {
    let path: String
    /// Whether it is found whole in any text.
    func isAdded(_ token: String) -> Bool { added.contains(Array(token.utf8)) }

    /// One more than the highest id.
    let size: Int
    private let ids: [[UInt8]: Int]  // by the token's UTF-8: texts equal to `String` may be two tokens
    private let bytes: [UInt8]
    private let added: Set<[UInt8]>

    init(_ url: URL) throws {
        path = url.path
        guard FileManager.default.fileExists(atPath: url.path) else {
            throw ModelsError.noWeights(
                folder: url.path, problem: "cannot be read; --tokenizer needs a folder with this file")
        }
        bytes = try InputBytes.read(url)
        let document = try JSONField(parsing: bytes, file: path)
        let range = 0...Limit.vocabulary.value - 1
        var ids: [[UInt8]: Int] = [:]
        for (token, field) in try document["model"]["vocab"].members() {
            ids[Array(token.utf8)] = try field.integer(in: range)
        }
        let added = try document.optional("added_tokens")?.elements() ?? []
        for token in added {
            ids[Array(try token["content"].string().utf8)] = try token["id"].integer(in: range)
        }
        self.ids = ids
        self.added = Set(try added.map { Array(try $0["content"].string().utf8) })
        guard let highest = ids.values.max() else {
            throw try document["model"]["vocab"].bad(expected: "at least one token")
        }
        size = highest + 1
    }

    func id(of token: String) -> Int? { ids[Array(token.utf8)] }

    /// One more than the highest id of all tokens but one.
    func size(without token: String) -> Int {
        let token = Array(token.utf8)
        return (ids.lazy.filter { $0.key != token }.map(\.value).max() ?? -1) + 1
    }

    /// The text of an id; nil for one that the file lacks.
    func token(of id: Int) -> String? {
        ids.first { $0.value == id }.map { String(decoding: $0.key, as: UTF8.self) }
    }

    /// The file with a special token of id `size` more, and every other byte as it was.
    func adding(_ token: String) throws -> [UInt8] {
        guard let end = endOfAddedTokens else {
            throw FilesError.badField(
                place: path, field: "added_tokens", found: "missing",
                expected: "an array, so that '\(token)' can be added to it")
        }
        let entry = """
            \(!added.isEmpty ? "," : ""){"id":\(size),"content":\(JSONText.quote(token)),"single_word":false,\
            "lstrip":false,"rstrip":false,"normalized":false,"special":true}
            """
        return bytes[..<end] + Array(entry.utf8) + bytes[end...]
    }

    /// Place of the bracket that closes the array `added_tokens` of the document.
    private var endOfAddedTokens: Int? {
        var depth = 0
        var isInside = false  // of added_tokens
        var text: Range<Int>?  // the last string, quotes included
        var position = 0
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                let start = position
                position += 1
                while bytes[position] != UInt8(ascii: "\"") {
                    position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
                }
                text = start..<position + 1
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                depth += 1
                if depth == 2, let text, bytes[text].elementsEqual("\"added_tokens\"".utf8) {
                    isInside = true
                }
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                depth -= 1
                if isInside, depth == 1 { return position }
            default: break
            }
            position += 1
        }
        return nil
    }
}
