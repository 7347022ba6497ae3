import Foundation

/// What putting a model together needs of a `tokenizer.json`: its ids, without its rules.
///
/// The file is walked byte by byte: two entries of a vocabulary may be equal to Swift's `String` and
/// different to the tokenizer.
struct TokenizerFile {
    let path: String
    /// One more than the highest id.
    private(set) var size = 0
    private var ids: [[UInt8]: Int] = [:]  // by the token's JSON literal, quotes included
    private let bytes: [UInt8]
    private var insertion: (offset: Int, hasTokens: Bool)?  // where `added_tokens` ends

    init(_ url: URL) throws {
        path = url.path
        guard let data = try? Data(contentsOf: url) else {
            throw ModelsError.noWeights(
                folder: url.path, problem: "cannot be read; --tokenizer needs a folder with this file")
        }
        bytes = Array(data)
        var walker = JSONWalker(bytes, file: path)
        try walker.forEachMember { key, walker in
            switch String(decoding: walker.bytes[key], as: UTF8.self) {
            case "\"model\"":
                try walker.forEachMember { key, walker in
                    guard String(decoding: walker.bytes[key], as: UTF8.self) == "\"vocab\"" else {
                        return try walker.skipValue()
                    }
                    try walker.forEachMember { token, walker in
                        note(Array(walker.bytes[token]), try walker.integer())
                    }
                }
            case "\"added_tokens\"":
                let start = walker.position
                try walker.forEachElement { walker in
                    var (content, id): ([UInt8]?, Int?) = (nil, nil)
                    try walker.forEachMember { key, walker in
                        switch String(decoding: walker.bytes[key], as: UTF8.self) {
                        case "\"content\"": content = Array(walker.bytes[try walker.text()])
                        case "\"id\"": id = try walker.integer()
                        default: try walker.skipValue()
                        }
                    }
                    if let content, let id { note(content, id) }
                }
                insertion = (
                    walker.position - 1, walker.bytes[start..<walker.position].contains(UInt8(ascii: "{"))
                )
            default: try walker.skipValue()
            }
        }
        guard size > 0 else {
            throw ModelsError.notAnObject(
                file: path, problem: "has no model.vocab object (only BPE tokenizers are supported)")
        }
    }

    private mutating func note(_ literal: [UInt8], _ id: Int) {
        ids[literal] = id
        size = max(size, id + 1)
    }

    func id(of token: String) -> Int? { ids[Array("\"\(token)\"".utf8)] }

    /// The file with a special token of id `size` more.
    func adding(_ token: String) throws -> [UInt8] {
        guard let insertion else {
            throw ModelsError.notAnObject(
                file: path, problem: "has no added_tokens, so '\(token)' cannot be added")
        }
        let entry = """
            \(insertion.hasTokens ? "," : ""){"id":\(size),"content":"\(token)","single_word":false,"lstrip":false,"rstrip":false,\
            "normalized":false,"special":true}
            """
        return Array(bytes[..<insertion.offset]) + Array(entry.utf8) + Array(bytes[insertion.offset...])
    }
}

/// Walks over JSON without building values.
struct JSONWalker {
    let bytes: [UInt8]
    let file: String
    private(set) var position = 0

    init(_ bytes: [UInt8], file: String) { (self.bytes, self.file) = (bytes, file) }

    private func wrong(_ expected: String) -> ModelsError {
        .notAnObject(file: file, problem: "byte \(position) is not \(expected)")
    }

    private mutating func peek() throws -> UInt8 {
        while position < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[position]) { position += 1 }
        guard position < bytes.count else {
            throw ModelsError.notAnObject(file: file, problem: "ends in the middle")
        }
        return bytes[position]
    }

    private mutating func take(_ character: Unicode.Scalar) throws {
        guard try peek() == UInt8(ascii: character) else { throw wrong("'\(character)'") }
        position += 1
    }

    /// Visits the members of the object that starts here; `body` must consume the value.
    mutating func forEachMember(_ body: (Range<Int>, inout JSONWalker) throws -> Void) throws {
        try forEach("{", "}") { walker in
            let key = try walker.text()
            try walker.take(":")
            _ = try walker.peek()
            try body(key, &walker)
        }
    }

    /// Visits the elements of the array that starts here; `body` must consume each.
    mutating func forEachElement(_ body: (inout JSONWalker) throws -> Void) throws {
        try forEach("[", "]", body)
    }

    private mutating func forEach(
        _ open: Unicode.Scalar, _ close: Unicode.Scalar, _ body: (inout JSONWalker) throws -> Void
    ) throws {
        try take(open)
        if try peek() == UInt8(ascii: close) {
            position += 1
            return
        }
        while true {
            try body(&self)
            if try peek() == UInt8(ascii: close) {
                position += 1
                return
            }
            try take(",")
        }
    }

    /// A string literal; returns where it is, quotes included.
    mutating func text() throws -> Range<Int> {
        try take("\"")
        let start = position - 1
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\\"): position += 2
            case UInt8(ascii: "\""):
                position += 1
                return start..<position
            default: position += 1
            }
        }
        throw ModelsError.notAnObject(file: file, problem: "a text that starts at byte \(start) does not end")
    }

    mutating func integer() throws -> Int {
        _ = try peek()
        var value = 0
        let start = position
        while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]),
            value < 1 << 31
        {
            value = value * 10 + Int(bytes[position] - UInt8(ascii: "0"))
            position += 1
        }
        guard position > start, value < 1 << 31 else { throw wrong("a token id") }
        return value
    }

    mutating func skipValue() throws {
        switch try peek() {
        case UInt8(ascii: "\""): _ = try text()
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            var depth = 0
            repeat {
                switch try peek() {
                case UInt8(ascii: "\""):
                    _ = try text()
                    continue
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
                default: break
                }
                position += 1
            } while depth > 0
        default:
            while position < bytes.count, !",]} \n\r\t".utf8.contains(bytes[position]) { position += 1 }
        }
    }
}
