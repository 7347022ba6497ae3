import Distillation
import Foundation
import Shards

/// Difference between cached outputs and what the teacher says now.
public struct TeacherComparison: Sendable {
    /// Positions that were compared.
    public private(set) var positions = 0
    /// Largest difference of a log-probability, nats.
    public private(set) var logProbability = 0.0
    /// Largest difference of an alpha, relative to its size.
    public private(set) var saliency = 0.0
    /// Positions that are not the teacher's, beyond rounding.
    public private(set) var wrong = 0

    public init() {}

    /// fp16 rounds to 2^-11 of the value; another batch gives other last digits of float32.
    static let tolerance = 0.02

    /// Compares with the whole distribution at each position, so that ids that change places with an equal do
    /// not count.
    mutating func add(_ cached: CachedSample, _ fresh: CachedSample) {
        for (old, new) in zip(cached.response + cached.visual, fresh.response + fresh.visual)
        where !old.ids.isEmpty {
            var now: [Int32: Float] = [:]
            for (id, value) in zip(new.ids, new.logProbabilities) { now[id] = value }
            var worst = 0.0
            if let entropy = old.entropy {
                let fresh = new.logProbabilities.reduce(0.0) {
                    $1.isFinite ? $0 - exp(Double($1)) * Double($1) : $0
                }
                worst = abs(Double(entropy) - fresh)
            } else {
                for (id, value) in zip(old.ids, old.logProbabilities) {
                    worst = max(worst, abs(Double(value - (now[id] ?? .infinity))))
                }
                let kept = Set(old.ids)
                let best = new.ids.first { !kept.contains($0) }.flatMap { now[$0] }
                if let best, let least = old.logProbabilities.last {
                    worst = max(worst, Double(best - least))
                }
            }
            positions += 1
            logProbability = max(logProbability, worst)
            if !(worst <= Self.tolerance) { wrong += 1 }
        }
        for (old, new) in zip(cached.saliency, fresh.saliency) where old > 0 {
            let difference = Double(abs(old - new) / max(new, 1e-6))
            saliency = max(saliency, difference)
            if !(difference <= Self.tolerance) { wrong += 1 }
        }
    }
}

extension TeacherOutputs {
    /// Computes some samples of a shard again and compares.
    ///
    /// - Parameter rows: the samples' places in the shard
    public func compare(
        _ cached: CachedShard, settings: TeacherOutputSettings, shard number: Int, of dataset: ShardDataset,
        rows: [Int],
        into comparison: inout TeacherComparison
    ) throws {
        let all = TeacherOutputSettings(
            topK: nil, commonVocabulary: settings.commonVocabulary, saliencyLayer: settings.saliencyLayer)
        for row in rows {
            let fresh = try self.rows([row], ofShard: number, of: dataset, settings: all)
            comparison.add(cached.sample(row), fresh.sample(0))
        }
    }
}
