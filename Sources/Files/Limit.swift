import Foundation

/// Bounds on what data from outside may ask for. What is beyond one is refused by name before it costs the
/// memory or the time; nothing is ever cut to fit, so no result depends on a limit.
///
/// This is the table of docs/limits.md. The user changes entries of it with `ALIGN_TI_LIMITS`.
public enum Limit: String, CaseIterable, Sendable {
    case fileBytes = "file_bytes"
    case downloadBytes = "download_bytes"
    case recordBytes = "record_bytes"
    case jsonDepth = "json_depth"
    case jsonValues = "json_values"
    case yamlBytes = "yaml_bytes"
    case yamlValues = "yaml_values"
    case compressionRatio = "compression_ratio"
    case compressionFreeBytes = "compression_free_bytes"
    case headerBytes = "header_bytes"
    case memberBytes = "member_bytes"
    case archiveMembers = "archive_members"
    case imagePixels = "image_pixels"
    case imageSide = "image_side"
    case vocabulary
    case tokenBytes = "token_bytes"
    case tokenizerSteps = "tokenizer_steps"
    case tokenizerGrowth = "tokenizer_growth"
    case questionBytes = "question_bytes"
    case promptTokens = "prompt_tokens"

    /// One row of the table.
    private typealias Row = (standard: Int, most: Int, unit: String, meaning: String)

    private static let huge = 1 << 50

    private var row: Row {
        switch self {
        case .fileBytes:
            (
                1 << 30, Self.huge, "bytes",
                "a file that is read whole: a benchmark's tables, a tokenizer, a configuration, a receipt"
            )
        case .downloadBytes:
            (
                1 << 37, Self.huge, "bytes",
                "a file that is fetched, where its manifest knows neither size nor bound"
            )
        case .recordBytes: (1 << 24, 1 << 32, "bytes", "a record of a JSON array or of JSON Lines")
        // A level costs some hundred bytes of stack, of which a thread has half a megabyte.
        case .jsonDepth: (256, 512, "levels", "JSON values inside each other")
        case .jsonValues: (20_000_000, Self.huge, "values", "a JSON document")
        case .yamlBytes: (1 << 20, 1 << 30, "bytes", "a recipe")
        case .yamlValues: (100_000, Self.huge, "values", "a recipe, those that aliases repeat counted")
        case .compressionRatio:
            (
                2_000, Self.huge, "times its size",
                "what comes out of a compressed file; our shards reach some tens, a file made to fill "
                    + "the memory 30,000"
            )
        case .compressionFreeBytes:
            (1 << 26, Self.huge, "bytes", "what may come out of a compressed file however small it is")
        // That of the reference implementation: a length beyond it is garbage, not a header.
        case .headerBytes: (100_000_000, Self.huge, "bytes", "the header of a safetensors file")
        case .memberBytes:
            (1 << 28, Self.huge, "bytes", "a member of an archive, or a file of an image folder")
        case .archiveMembers: (10_000_000, Self.huge, "members", "an archive")
        // Pillow refuses at the same number, against decompression bombs.
        case .imagePixels: (178_956_970, 1 << 32, "pixels", "a picture")
        // A PNG may claim a strip of 100 million columns, and resizing works on whole rows.
        case .imageSide: (1 << 18, 1 << 24, "pixels", "a side of a picture")
        // Tables are indexed by id. The largest published vocabulary has 262,144.
        case .vocabulary: (1 << 20, 1 << 30, "ids", "a tokenizer: one more than its largest id")
        case .tokenBytes:
            (1_024, 1 << 20, "bytes", "a token, or a text that a tokenizer looks for or puts in")
        case .tokenizerSteps: (64, 256, "steps", "the normalizers, pre-tokenizers or decoders of a tokenizer")
        case .tokenizerGrowth:
            (64, 1 << 20, "times its size", "what a tokenizer's steps can make of a text at most")
        case .questionBytes: (1 << 20, 1 << 32, "bytes", "the text of a benchmark's question")
        case .promptTokens:
            (1 << 17, 1 << 31, "tokens", "a prompt, where the model's own positions are not fewer")
        }
    }

    /// The bound unless the user sets another.
    public var standard: Int { row.standard }
    /// The highest bound that can be set.
    public var most: Int { row.most }
    /// Unit of the bound.
    public var unit: String { row.unit }
    /// What is bounded.
    public var meaning: String { row.meaning }
    /// The bound in force.
    public var value: Int { Self.changed[self] ?? standard }

    /// Name of the environment variable that sets bounds.
    public static let variable = "ALIGN_TI_LIMITS"

    /// What the environment sets. A stage has refused one that is no such text before it reads any data.
    private static let changed =
        (try? parse(ProcessInfo.processInfo.environment[variable] ?? "")) ?? [:]

    /// - Parameter text: `yaml_values=200000,image_side=400000`
    /// - Throws: `BadLimit` for what is no limit or no bound
    package static func parse(_ text: String) throws(BadLimit) -> [Limit: Int] {
        var bounds: [Limit: Int] = [:]
        for part in text.split(separator: ",") {
            let sides = part.split(separator: "=", omittingEmptySubsequences: false).map {
                String($0.filter { $0 != " " })
            }
            guard sides.count == 2 else {
                throw BadLimit("'\(outside: String(part))' is not name=number, such as yaml_values=200000")
            }
            guard let limit = Limit(rawValue: sides[0]) else {
                let near = Spelling.nearest(to: sides[0], among: allCases.map(\.rawValue), count: 1)
                let hint = near.first.map { "; did you mean '\($0)'?" } ?? ""
                throw BadLimit("there is no limit '\(outside: sides[0])'\(hint)")
            }
            guard let value = Int(sides[1]), (1...limit.most).contains(value) else {
                throw BadLimit(
                    "\(limit.rawValue) is '\(outside: sides[1])', expected a whole number from 1 to "
                        + "\(limit.most)")
            }
            bounds[limit] = value
        }
        return bounds
    }

    /// Ratio times a compressed file's size, and never less than what every file may have.
    static func decompressed(from bytes: Int) -> Int {
        let (product, overflows) = bytes.multipliedReportingOverflow(by: compressionRatio.value)
        return max(compressionFreeBytes.value, overflows ? .max : product)
    }
}

/// A bound that cannot be set.
public struct BadLimit: ExitCoded, CustomStringConvertible {
    public let description: String
    public var exitCode: Int32 { ExitStatus.usage }

    init(_ problem: String) { description = "\(Limit.variable): \(problem); docs/limits.md lists all" }
}
