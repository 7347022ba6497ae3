import Files
import Foundation
import Images
import Text

/// Everything that decides what the numbers of a data set mean; equal descriptions, interchangeable shards.
public struct ShardDescription: Sendable, Equatable, Codable {
    /// SHA-256 of `Tokenizer.identityBytes`.
    public let tokenizer: String
    /// Name of the conversation template.
    public let template: String
    /// The token that ends an answer, as text.
    public let endToken: String
    /// Version of the rule that picks supervised tokens (`ShardFormat.labelRule` when it was packed).
    public let labelRule: Int
    /// Most tokens of a sample, the visual ones included.
    public let maximumLength: Int
    /// Copies of `ShardFormat.imageTokenIndex` that stand for an image.
    public let visualTokens: Int
    /// How the pictures were prepared.
    public let imageProcessor: ImageProcessor

    public init(
        tokenizer: String, template: String, endToken: String, labelRule: Int = ShardFormat.labelRule,
        maximumLength: Int,
        visualTokens: Int, imageProcessor: ImageProcessor
    ) {
        self.tokenizer = tokenizer
        self.template = template
        self.endToken = endToken
        self.labelRule = labelRule
        self.maximumLength = maximumLength
        self.visualTokens = visualTokens
        self.imageProcessor = imageProcessor
    }

    private enum CodingKeys: String, CodingKey {
        case tokenizer, template
        case endToken = "end_token"
        case labelRule = "label_rule"
        case maximumLength = "maximum_length"
        case visualTokens = "visual_tokens"
        case imageProcessor = "image_processor"
    }

    /// The metadata of a shard file: every value is text.
    func metadata(samples: Int) throws -> [String: String] {
        [
            "format": ShardFormat.name, "format_version": "\(ShardFormat.version)", "tokenizer": tokenizer,
            "template": template,
            "end_token": endToken, "label_rule": "\(labelRule)", "maximum_length": "\(maximumLength)",
            "visual_tokens": "\(visualTokens)",
            "image_processor": String(decoding: try sortedJSON(imageProcessor), as: UTF8.self),
            "samples": "\(samples)",
        ]
    }
}

/// The names and constants of the format, described in docs/formats.md.
public enum ShardFormat {
    /// Value of `format` in every index and shard.
    public static let name = "align-ti-shard"
    /// Version of the layout; readers refuse any other.
    public static let version = 1
    /// Stands for one visual token in `input_ids`: LLaVA's IMAGE_TOKEN_INDEX, so a shard does not depend on a
    /// model's image token id.
    public static let imageTokenIndex = TokenizedConversation.imageTokenIndex
    /// Label of a position that is not supervised.
    public static let ignoreIndex = TokenizedConversation.ignoreIndex
    /// 1: in every turn, the answer's tokens and its end token.
    public static let labelRule = 1
    /// Name of the file that lists the shards.
    public static let indexFile = "index.json"
    /// Name of the file that lists what was left out.
    public static let skippedFile = "skipped.jsonl"

    /// Whether a file of a data set's folder is a shard: its reader holds it to the digest in the index.
    public static func isShard(_ path: String) -> Bool { path.hasSuffix(".safetensors.zst") }

    static func fileName(_ name: String, _ shard: Int) -> String {
        let digits = String(shard)
        return "\(name)-\(String(repeating: "0", count: max(0, 5 - digits.count)))\(digits).safetensors.zst"
    }
}

/// `index.json`: the shards of a data set in order.
public struct ShardIndex: Sendable, Equatable, Codable {
    /// One shard: its file and what it holds.
    public struct Entry: Sendable, Equatable, Codable {
        public let file: String
        public let samples, images, tokens, supervisedTokens: Int
        /// Tokens of each sample; nil in an index that was written before there were any.
        public let rows: SampleNumbers?
        /// Picture of each sample, counted from 1 in the shard, 0 for none; nil as above.
        public let pictures: SampleNumbers?
        public let rawBytes, compressedBytes: Int
        /// SHA-256 of the safetensors file before compression.
        public let rawSHA256: String
        /// SHA-256 of the file on disk.
        public let compressedSHA256: String

        private enum CodingKeys: String, CodingKey {
            case file, samples, images, tokens, rows, pictures
            case supervisedTokens = "supervised_tokens"
            case rawBytes = "raw_bytes"
            case compressedBytes = "compressed_bytes"
            case rawSHA256 = "raw_sha256"
            case compressedSHA256 = "compressed_sha256"
        }
    }

    /// Counts over all shards.
    public struct Totals: Sendable, Equatable, Codable {
        public let samples, skipped, images, tokens, supervisedTokens, rawBytes, compressedBytes: Int

        private enum CodingKeys: String, CodingKey {
            case samples, skipped, images, tokens
            case supervisedTokens = "supervised_tokens"
            case rawBytes = "raw_bytes"
            case compressedBytes = "compressed_bytes"
        }
    }

    public let format: String
    public let formatVersion: Int
    public let name: String
    public let description: ShardDescription
    /// `images` counts distinct pictures of the data set; the entries count those each shard holds.
    public let totals: Totals
    public let shards: [Entry]

    private enum CodingKeys: String, CodingKey {
        case format, name, description, totals, shards
        case formatVersion = "format_version"
    }

    init(name: String, description: ShardDescription, shards: [Entry], images: Int, skipped: Int) {
        format = ShardFormat.name
        formatVersion = ShardFormat.version
        self.name = name
        self.description = description
        self.shards = shards
        totals = Totals(
            samples: shards.reduce(0) { $0 + $1.samples }, skipped: skipped, images: images,
            tokens: shards.reduce(0) { $0 + $1.tokens },
            supervisedTokens: shards.reduce(0) { $0 + $1.supervisedTokens },
            rawBytes: shards.reduce(0) { $0 + $1.rawBytes },
            compressedBytes: shards.reduce(0) { $0 + $1.compressedBytes })
    }

    /// Reads and checks an index.
    ///
    /// - Throws: `ShardsError.notADataset`, `.unknownVersion`
    public init(folder: URL) throws {
        let url = folder.appendingPathComponent(ShardFormat.indexFile)
        guard let data = try? Data(InputBytes.read(url)) else {
            throw ShardsError.notADataset(path: folder.path, problem: "no readable \(ShardFormat.indexFile)")
        }
        struct Version: Decodable {
            let format: String
            let format_version: Int
        }
        guard let version = try? JSONDecoder().decode(Version.self, from: data) else {
            throw ShardsError.notADataset(path: url.path, problem: "'format' or 'format_version' is missing")
        }
        guard version.format == ShardFormat.name, version.format_version == ShardFormat.version else {
            throw ShardsError.unknownVersion(
                path: url.path, found: "'\(version.format)' \(version.format_version)",
                expected: "'\(ShardFormat.name)' \(ShardFormat.version)")
        }
        do {
            self = try JSONDecoder().decode(ShardIndex.self, from: data)
        } catch let error as DecodingError {
            throw ShardsError.notADataset(
                path: url.path, problem: "a field is missing or of the wrong kind (\(error.place))")
        } catch {
            throw ShardsError.notADataset(path: url.path, problem: "\(error)")
        }
        let counts = shards.flatMap {
            [$0.samples, $0.images, $0.tokens, $0.supervisedTokens, $0.rawBytes, $0.compressedBytes]
        }
        guard counts.allSatisfy({ (0...1 << 50).contains($0) }), shards.allSatisfy({ $0.samples > 0 }) else {
            throw ShardsError.notADataset(path: url.path, problem: "a shard has an impossible count")
        }
        let columns: [KeyPath<Entry, Int>] = [
            \.samples, \.images, \.tokens, \.supervisedTokens, \.rawBytes, \.compressedBytes,
        ]
        for column in columns where shards.reduce(0, { min($0 + $1[keyPath: column], 1 << 51) }) > 1 << 50 {
            throw ShardsError.notADataset(
                path: url.path, problem: "the shards have an impossible count together")
        }
        func sum(_ column: KeyPath<Entry, Int>) -> Int { shards.reduce(0) { $0 + $1[keyPath: column] } }
        let added: [(name: String, total: Int, sum: Int)] = [
            ("samples", totals.samples, sum(\.samples)), ("tokens", totals.tokens, sum(\.tokens)),
            ("supervised_tokens", totals.supervisedTokens, sum(\.supervisedTokens)),
        ]
        for (name, total, sum) in added where total != sum {
            throw ShardsError.notADataset(
                path: url.path, problem: "the shards do not add up to \(total) \(name), but to \(sum)")
        }
        guard
            [totals.images, totals.skipped, totals.rawBytes, totals.compressedBytes].allSatisfy({
                (0...1 << 50).contains($0)
            })
        else {
            throw ShardsError.notADataset(
                path: url.path, problem: "'totals' has an impossible count")
        }
        func refuse(_ field: String, _ entry: Entry) -> ShardsError {
            .notADataset(
                path: url.path, problem: "'\(field)' of \(outside: entry.file) does not fit its samples")
        }
        for entry in shards {
            if entry.rows?.areRows(samples: entry.samples, tokens: entry.tokens) == false {
                throw refuse("rows", entry)
            }
            if entry.pictures?.arePictures(samples: entry.samples, images: entry.images) == false {
                throw refuse("pictures", entry)
            }
        }
        if let outside = shards.first(where: {
            $0.file.contains("/") || $0.file.hasPrefix(".") || FileName.hasControls($0.file)
        }) {
            throw ShardsError.notADataset(
                path: url.path, problem: "shard file '\(outside: outside.file)' is not a name in this folder")
        }
    }

    func bytes() throws -> [UInt8] { [UInt8](try sortedJSON(self, pretty: true)) + Array("\n".utf8) }
}

func sortedJSON(_ value: some Encodable, pretty: Bool = false) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting =
        pretty
        ? [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes] : [.sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(value)
}
