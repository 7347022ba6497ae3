/// Tokens of each sample of a shard; in JSON one string of numbers with blanks between them, because a line
/// for each of a million samples would be no index any more.
public struct RowCounts: Sendable, Equatable, Codable {
    public let values: [Int]

    init(_ values: [Int]) { self.values = values }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        values = try container.decode(String.self).split(separator: " ").map { word in
            guard let count = Int(word), count > 0 else {
                throw DecodingError.dataCorruptedError(
                    in: container, debugDescription: "'\(word.prefix(20))' is no number of tokens")
            }
            return count
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(values.map(String.init).joined(separator: " "))
    }

    /// Whether these are the samples of a shard of so many samples and tokens.
    func fit(samples: Int, tokens: Int) -> Bool {
        values.count == samples && values.allSatisfy { $0 <= tokens } && values.reduce(0, &+) == tokens
    }
}
