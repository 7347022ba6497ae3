import Distillation
import Files
import Foundation
import TeacherStore
import Tensors

/// Figures of writing and reading an entry of the store of teacher outputs.
public enum CacheBench {
    private static let (vocabulary, idsKept, samples, visual, response) = (151_936, 64, 16, 729, 128)

    /// - Parameter folder: of the store; made if missing
    public static func entries(in folder: URL, repeats: Int) throws -> [Figure] {
        let shard = makeShard()
        let cache = Store(folder)
        let key = "0123456789abcdef"
        let bytes = Double(shard.stateBytes)
        let written = try Runs(warmup: 1, repeats: repeats) { try cache.write(shard, key: key) }
        let read = try Runs(warmup: 1, repeats: repeats) { _ = try cache.entry(key) }
        let stored = try FileManager.default.attributesOfItem(atPath: cache.path(key).path)[.size] as? Int
        return [("cache_write", written), ("cache_read", read)].map { name, runs in
            Figure(
                name, runs,
                facts: [
                    "gb_per_second": .rounded(bytes / runs.spread.median / 1e9),
                    "raw_mb": .rounded(bytes / 1e6),
                    "stored_mb": .rounded(Double(stored ?? 0) / 1e6),
                    "positions_per_second": .rounded(Double(shard.positions) / runs.spread.median),
                ])
        }
    }

    /// Distributions of random logits over Zipf's ids: what a store of a large vocabulary holds, without a
    /// teacher.
    private static func makeShard() -> CachedShard {
        var random = CounterRandom(7)
        let ids = ZipfIDs(vocabulary: vocabulary)
        func target() -> CachedTarget {
            var kept: Set<Int32> = []
            while kept.count < idsKept { kept.insert(ids.draw(&random)) }
            let logits = (0..<idsKept).map { _ in 3 * random.normal() }.sorted(by: >)
            let logSum = log(logits.reduce(0.05) { $0 + exp($1) })
            return CachedTarget(
                ids: kept.sorted(), logProbabilities: logits.map { Float($0 - logSum) },
                logTail: Float(log(0.05) - logSum))
        }
        var shard = CachedShard(
            TeacherOutputSettings(topK: idsKept, commonVocabulary: vocabulary, saliencyLayer: 0))
        for _ in 0..<samples {
            let group = shard.addVisualGroup((0..<visual).map { _ in target() })
            shard.addSample(
                visualGroup: group,
                saliency: (0..<visual).map { _ in Float(random.uniform()) / Float(visual) },
                response: (0..<response).map { _ in target() })
        }
        return shard
    }
}
