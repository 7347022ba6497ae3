/// Why bytes are not JSON: where reading stopped and what should stand there.
public struct JSONFailure: Error, Equatable, Sendable, CustomStringConvertible {
    /// From the start of the bytes.
    public let offset: Int
    /// From 1, unless the caller counts differently.
    public let line: Int
    /// Problem, as half a sentence.
    public let reason: String
    /// Thing that should stand at `offset`.
    public let expected: String

    public init(offset: Int, line: Int, reason: String, expected: String) {
        (self.offset, self.line, self.reason, self.expected) = (offset, line, reason, expected)
    }

    public var description: String { "line \(line), byte \(offset): \(reason)" }
}

extension JSONValue {
    /// Reads bytes as exactly one document; a byte order mark before it is skipped.
    ///
    /// - Parameters:
    ///   - line: the number of the first line
    ///   - depthLimit: how deep values may be nested, so that a hostile file cannot exhaust the stack
    ///   - replacingLoneSurrogates: read an escaped half of a surrogate pair, which is no code point, as
    ///     U+FFFD instead of refusing it
    /// - Throws: `JSONFailure`
    public init(
        parsing bytes: [UInt8], line: Int = 1, depthLimit: Int = Limit.jsonDepth.value,
        replacingLoneSurrogates: Bool = false
    ) throws(JSONFailure) {
        self = try bytes.withUnsafeBufferPointer { bytes throws(JSONFailure) in
            var parser = JSONParser(
                bytes: bytes, line: line, depthLimit: depthLimit,
                replacesLoneSurrogates: replacingLoneSurrogates)
            return try parser.document()
        }
    }
}
