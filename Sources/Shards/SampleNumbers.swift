/// A number for each sample of a shard; in JSON one string of numbers with blanks between them, because a
/// line for each of a million samples would be no index any more.
public struct SampleNumbers: Sendable, Equatable, Codable {
    public let values: [Int]

    init(_ values: [Int]) { self.values = values }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        values = try container.decode(String.self).split(separator: " ").map { word in
            guard let number = Int(word), (0...1 << 40).contains(number) else {
                throw DecodingError.dataCorruptedError(
                    in: container, debugDescription: "'\(word.prefix(20))' is no number from 0")
            }
            return number
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(values.map(String.init).joined(separator: " "))
    }

    /// Whether these are the tokens of a shard of so many samples and tokens.
    func areRows(samples: Int, tokens: Int) -> Bool {
        values.count == samples && values.allSatisfy { (1...max(1, tokens)).contains($0) }
            && values.reduce(0, &+) == tokens
    }

    /// Whether these are the pictures of a shard of so many samples and pictures.
    func arePictures(samples: Int, images: Int) -> Bool {
        values.count == samples && values.allSatisfy { (0...images).contains($0) }
    }
}
