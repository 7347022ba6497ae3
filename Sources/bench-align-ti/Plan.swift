import Measuring
import Stage

/// Which figures are measured.
struct Plan {
    private static let models = [
        "sft", "vanilla_kd", "align_ti", "align_ti_peaked", "align_ti_peaked_cached", "teacher_plain",
        "teacher_ribbon", "answer_16_an_image", "cache_3_an_image",
    ]
    private static let data = ["products", "tokenize", "images", "shards", "cache"]
    private static let trained = ["answer", "score"]
    static let names = models + ["decode_b<sequences>"] + data + trained

    private let wanted: [String]?
    private let hasShapes: Bool
    let dataFigures: [String]

    /// - Parameters:
    ///   - only: names or their beginnings; `=name` means that name alone
    ///   - hasShapes: whether model figures can be measured; hasModel, hasBenchmark: whether those of a
    ///     trained one can
    init(only: String?, hasShapes: Bool, hasModel: Bool, hasBenchmark: Bool) throws {
        wanted = only.map { $0.split(separator: ",").map(String.init) }
        self.hasShapes = hasShapes
        let known = Self.models + ["decode"] + Self.data + Self.trained
        for word in wanted ?? [] where !word.hasPrefix("=") {
            guard known.contains(where: { $0.hasPrefix(word) || word.hasPrefix("decode_b") }) else {
                throw StageError.usage(
                    "--only \(word): expected one of \(Self.names.joined(separator: ", "))")
            }
        }
        let possible = Self.data + (hasModel ? ["answer"] : []) + (hasBenchmark ? ["score"] : [])
        dataFigures = possible.filter { [wanted] name in Self.isWanted(name, wanted) }
    }

    func modelFigures(_ shapes: BenchShapes) -> [String] {
        guard hasShapes else { return [] }
        return (Self.models + shapes.decodeBatches.map { "decode_b\($0)" }).filter {
            Self.isWanted($0, wanted)
        }
    }

    private static func isWanted(_ name: String, _ wanted: [String]?) -> Bool {
        wanted?.contains { $0.hasPrefix("=") ? $0.dropFirst() == name : name.hasPrefix($0) } ?? true
    }
}
