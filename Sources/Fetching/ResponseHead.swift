/// What the head of a server's answer says about the body.
struct ResponseHead: Equatable {
    /// Code of the answer, such as 206; 0 before there is one.
    private(set) var status = 0
    /// Bytes of the body, where the server says so.
    private(set) var contentLength: Int?
    /// Part of the file that the body is.
    private(set) var contentRange: ContentRange?
    /// Mark of the file's version that a server can be asked about: a strong ETag, else the time of its
    /// change.
    var validator: String? { strongTag ?? lastModified }

    /// Whether the end of the body can be told from a connection that was cut.
    var endIsKnown: Bool { contentLength != nil || isChunked || !isVersion1 }

    private(set) var contentType = ""
    private(set) var contentEncoding = ""
    private var isChunked = false
    private var isVersion1 = false
    private var strongTag: String?
    private var lastModified: String?

    /// Takes a line of the head, its line break included.
    ///
    /// Each answer of a chain of redirects begins anew.
    mutating func take(line bytes: some Sequence<UInt8>) {
        let line = String(decoding: Array(bytes), as: UTF8.self).trimmed
        if line.hasPrefix("HTTP/") {
            self = ResponseHead()
            isVersion1 = line.hasPrefix("HTTP/1")
            status = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
            return
        }
        guard let colon = line.firstIndex(of: ":") else { return }
        let value = String(line[line.index(after: colon)...]).trimmed
        switch line[..<colon].lowercased() {
        case "content-length": contentLength = Int(value)
        case "content-range": contentRange = ContentRange(value)
        case "content-type": contentType = value.lowercased()
        case "content-encoding": contentEncoding = value.lowercased()
        case "transfer-encoding": isChunked = value.lowercased().hasSuffix("chunked")
        // A weak tag (W/"…") stands for several sequences of bytes.
        case "etag": strongTag = value.hasPrefix("\"") && value.utf8.count < 1_000 ? value : nil
        case "last-modified": lastModified = value.utf8.count < 100 ? value : nil
        default: break
        }
    }
}

/// `bytes 100-199/1000`, or `bytes */1000`.
package struct ContentRange: Equatable {
    /// First byte and byte behind the last; nil where the server has no such part.
    package let part: Range<Int>?
    /// Size of the whole file, where the server says so.
    package let total: Int?

    package init?(_ text: String) {
        guard let match = text.lowercased().wholeMatch(of: #/bytes\s+(?:(\d+)-(\d+)|\*)/(?:(\d+)|\*)/#) else {
            return nil
        }
        total = match.output.3.flatMap { Int($0) }
        guard let first = match.output.1.flatMap({ Int($0) }), let last = match.output.2.flatMap({ Int($0) })
        else {
            guard match.output.1 == nil else { return nil }
            part = nil
            return
        }
        guard first <= last, last < .max, total.map({ last < $0 }) ?? true else { return nil }
        part = first..<(last + 1)
    }
}

extension String {
    /// Without white space at its ends.
    fileprivate var trimmed: String {
        let blank: (Character) -> Bool = { $0.isWhitespace }
        guard let start = firstIndex(where: { !blank($0) }), let end = lastIndex(where: { !blank($0) }) else {
            return ""
        }
        return String(self[start...end])
    }
}
