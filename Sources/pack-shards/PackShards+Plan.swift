import Foundation
import Shards
import Stage

extension PackShards {
    /// What the packing will take, for people and with --json for programs.
    func printPlan(_ packing: Packing) throws {
        var progress = PackingProgress()
        let plan = try packing.planned { progress.show($0) }
        progress.finish()
        let own = ResourceUsage.ownBytes
        let lines = [
            "\(plan.records) records, \(plan.samples) samples (\(plan.skipped) skipped by their texts), "
                + "\(plan.tokens) tokens (\(plan.supervisedTokens) supervised), \(plan.pictures) images",
            Plans.memory(
                [("shards that are written at once", plan.shardBytes)], own: own + plan.shardBytes,
                rest: "the rest"),
            "disk: \(plan.shards) shards, \(Plans.gigabytes(plan.compressedBytes)) after zstd, "
                + "\(Plans.gigabytes(plan.rawBytes)) before; \(Plans.gigabytes(plan.waitingBytes)) of tokens "
                + "and pixels wait there while it runs",
            String(
                format:
                    "reading %.3g s, finding images %.3g s, preparing them %.3g s by %ld of them, writing "
                    + "%.3g s", plan.readingSeconds, plan.findingSeconds, plan.preparingSeconds,
                plan.measured,
                plan.writingSeconds),
            Plans.hours("all of it", limit: 16) { plan.seconds(processes: $0) / 3600 },
        ]
        if !configuration.json { print(lines.joined(separator: "\n")) }
        configuration.printSummary([
            "records": .int(plan.records), "samples": .int(plan.samples), "skipped": .int(plan.skipped),
            "tokens": .int(plan.tokens), "supervised_tokens": .int(plan.supervisedTokens),
            "images": .int(plan.pictures), "shards": .int(plan.shards), "raw_bytes": .int(plan.rawBytes),
            "bytes": .int(plan.compressedBytes), "waiting_bytes": .int(plan.waitingBytes),
            "shard_bytes": .int(plan.shardBytes), "peak_bytes": .int(own + plan.shardBytes),
            "seconds": .number(plan.seconds), "preparing_seconds": .number(plan.preparingSeconds),
        ])
    }
}
