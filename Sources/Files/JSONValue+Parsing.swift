/// Why bytes are not JSON: where reading stopped and what should stand there.
public struct JSONFailure: Error, Equatable, Sendable, CustomStringConvertible {
    /// From the start of the bytes.
    public let offset: Int
    /// From 1, unless the caller counts differently.
    public let line: Int
    /// What is wrong, as half a sentence.
    public let reason: String
    /// What should stand at `offset`.
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
        parsing bytes: [UInt8], line: Int = 1, depthLimit: Int = 256, replacingLoneSurrogates: Bool = false
    ) throws(JSONFailure) {
        self = try bytes.withUnsafeBufferPointer { bytes throws(JSONFailure) in
            try JSONValue(
                parsing: bytes, range: 0..<bytes.count, line: line, depthLimit: depthLimit,
                replacingLoneSurrogates: replacingLoneSurrogates)
        }
    }

    /// Reads a part of bytes as exactly one document; offsets count from the start of all bytes.
    public init(
        parsing bytes: UnsafeBufferPointer<UInt8>, range: Range<Int>, line: Int = 1, depthLimit: Int = 256,
        replacingLoneSurrogates: Bool = false
    ) throws(JSONFailure) {
        precondition(
            range.lowerBound >= 0 && range.upperBound <= bytes.count, "JSONValue: range outside the bytes")
        var parser = JSONParser(
            bytes: bytes, position: range.lowerBound, end: range.upperBound, line: line,
            depthLimit: depthLimit,
            replacesLoneSurrogates: replacingLoneSurrogates)
        self = try parser.document()
    }
}
