import Files
import Foundation
import Shards

/// Estimate of what filling a store for a data set will take, from a few of its samples.
public struct StoreEstimate: Sendable {
    /// Samples looked at, and their tokens.
    public let samples, tokens: Int
    /// Seconds that the teacher took for them.
    public let seconds: Double
    /// Bytes of a position's distribution before zstd, and the share that zstd leaves.
    public let bytesPerPosition, compressedShare: Double
    /// Positions of the whole data set with a distribution, and bytes before and after zstd.
    public let positions, stateBytes, storedBytes: Double
    /// Hours for the whole data set on this machine.
    public let hours: Double
    /// Weights of the teacher, and those of them that are read where their files have them, bytes.
    public let weightBytes, mappedBytes: Int
    /// Multiplications and additions of the whole data set's rows in the layers and of its positions in the
    /// head, at most: rows that samples share are computed once. Attention scores are left out.
    public let teraflop: Double
    /// Shards, which processes take one after the other.
    public let shards: Int
    /// Hours for the relevance of the layers at most: fewer where the standard error is reached before.
    public let relevanceHours: Double

    /// Hours with so many machines like this one: all wait for the one with the most shards.
    public func hours(processes: Int) -> Double {
        hours * Double((shards + processes - 1) / processes) / Double(max(1, shards))
    }

    /// Bytes of one position's distribution before zstd; of draws at most (all ids distinct).
    public static func bytesPerPosition(_ settings: TeacherOutputSettings) -> Double {
        let bits = Double(PackedIntegers.bits(limit: settings.commonVocabulary))
        let n = Double(settings.idsPerPosition)
        switch settings.encoding {
        case .topK: return n * bits / 8 + 2 * n + 2
        case .sampled: return n * (bits + Double(PackedIntegers.bits(limit: settings.samples + 1))) / 8 + 6
        }
    }

    /// - Parameters:
    ///   - count: samples to look at, from up to four shards over the data set
    ///   - relevance: how the layers' relevance is measured; nil where it is not
    ///   - scale: how many times the data set is to be counted
    public init(
        _ outputs: TeacherOutputs, dataset: ShardDataset, settings: TeacherOutputSettings, count: Int,
        relevance: CacheSettings.Relevance? = nil, scale: Double = 1
    ) throws {
        let shards = dataset.index.shards
        let looks = max(1, min(4, shards.count))
        let chosen = (0..<looks).map { $0 * shards.count / looks }
        let clock = ContinuousClock()
        var (samples, tokens, withImage, groups, content): (Int, Int, Int, Int, Int) = (0, 0, 0, 0, 0)
        var (seconds, bytes, responses, visuals) = (0.0, 0, 0, 0)
        for (turn, number) in chosen.enumerated() {
            let shard = try dataset.shard(number)
            let rows = Array(0..<min(shard.count, max(1, count / looks)))
            // The first pass starts threads and touches the weights.
            if turn == 0 { _ = try outputs.rows([0], ofShard: number, of: dataset, settings: settings) }
            let start = clock.now
            let made = try outputs.rows(rows, ofShard: number, of: dataset, settings: settings)
            content += try made.writer(metadata: [:]).serialized(compression: .zstandard(level: 3)).count
            seconds += (clock.now - start) / .seconds(1)
            samples += rows.count
            tokens += rows.reduce(0) { $0 + shard.sample($1).inputIDs.count }
            withImage += rows.count { shard.image(ofSample: $0) != nil }
            groups += made.groups
            bytes += made.stateBytes
            let answers = rows.reduce(0) { $0 + made.sample($1).response.count }
            responses += answers
            visuals += made.positions - answers
        }
        let visualTokens = Double(dataset.description.visualTokens)
        let alphas = 2 * visualTokens * Double(withImage)
        relevanceHours =
            try relevance.map { relevance in
                let start = clock.now
                let measured = try outputs.relevance(
                    over: dataset, pairs: min(relevance.pairs, max(1, count / 2)), seed: relevance.seed,
                    standardError: 0)
                let each = (clock.now - start) / .seconds(1) / Double(measured.pairs)
                return each * Double(relevance.pairs) / 3600
            } ?? 0
        (self.samples, self.tokens, self.seconds) = (samples, tokens, seconds)
        bytesPerPosition = max(0, Double(bytes) - alphas) / Double(max(1, responses + visuals))
        compressedShare = Double(content) / Double(max(1, bytes))
        // Counted in the data set's index: response tokens, and pictures, each once a shard.
        let perGroup = Double(visuals) / Double(max(1, groups))
        let all =
            Double(dataset.index.totals.supervisedTokens) + Double(shards.reduce(0) { $0 + $1.images })
            * perGroup
        positions = all * scale
        stateBytes =
            (all * bytesPerPosition + alphas / Double(max(1, samples)) * Double(dataset.count)) * scale
        storedBytes = stateBytes * compressedShare
        let rows = Double(dataset.index.totals.tokens) * scale
        hours = seconds / Double(max(1, tokens)) * rows / 3600
        let weights = outputs.teacher.productWeights
        teraflop = 2 * (weights.layers * rows + weights.head * positions) / 1e12
        self.shards = Int((Double(shards.count) * scale).rounded(.up))
        let parameters = outputs.teacher.parameters()
        weightBytes = parameters.reduce(0) { $0 + $1.heldBytes }
        mappedBytes = parameters.reduce(0) { $0 + $1.mappedBytes }
    }
}
