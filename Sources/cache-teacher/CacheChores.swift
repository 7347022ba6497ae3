import Distillation
import Files
import Foundation
import Report
import Shards
import Stage
import TeacherStore

/// Looking after the store.
extension CacheTeacher {
    func estimate() throws {
        let recipe = try self.recipe()
        let folder = try folder(teacher, "teacher")
        let (teacher, dataset) = (Teacher(folder, recipe), try ShardDataset(shards.sources("--shards")))
        try recipe.check(for: teacher.configuration())
        let outputs = try teacher.outputs(for: dataset)
        let scale = Double(scaleTo ?? dataset.count) / Double(max(1, dataset.count))
        // Any layer costs the same.
        let found = try StoreEstimate(
            outputs, dataset: dataset, settings: recipe.outputs(teacher.configuration(), layer: 0),
            count: sample, relevance: recipe.saliencyLayer == nil ? recipe.relevance : nil, scale: scale)
        let lines =
            [
                String(
                    format: "%ld samples, %ld tokens in %.2f s: %.0f tokens a second", found.samples,
                    found.tokens,
                    found.seconds,
                    Double(found.tokens) / max(found.seconds, 1e-9)),
                String(
                    format: "%.1f bytes a position before zstd, which leaves %.0f %%", found.bytesPerPosition,
                    100 * found.compressedShare),
                String(
                    format: "%ld samples: %.4g positions, %.4g GB before zstd, %.4g GB on disk, %.4g hours",
                    scaleTo ?? dataset.count,
                    found.positions, found.stateBytes / 1e9, found.storedBytes / 1e9, found.hours),
            ]
            + (recipe.saliencyLayer == nil
                ? [
                    String(
                        format:
                            "%ld pairs for the relevance at most: %.4g hours, unless it is in the store",
                        recipe.relevance.pairs, found.relevanceHours)
                ] : [])
            + [
                Plans.memory(
                    [("teacher", found.weightBytes)], mapped: found.mappedBytes, own: ResourceUsage.ownBytes,
                    rest: "the rest"),
                String(format: "%.4g TFLOP at most", found.teraflop),
                Plans.hours("all shards", limit: found.shards, found.hours(processes:)),
            ]
        if !configuration.json { print(lines.joined(separator: "\n")) }
        configuration.printSummary([
            "samples": .int(scaleTo ?? dataset.count), "positions": .number(found.positions.rounded()),
            "hours": .number(found.hours), "relevance_hours": .number(found.relevanceHours),
            "state_bytes": .number(found.stateBytes.rounded()), "bytes": .number(found.storedBytes.rounded()),
            "bytes_per_position": .number(found.bytesPerPosition), "teraflop": .number(found.teraflop),
            "weight_bytes": .int(found.weightBytes), "mapped_bytes": .int(found.mappedBytes),
            "peak_bytes": .int(ResourceUsage.ownBytes), "shards": .int(found.shards),
        ])
    }

    func printRelevance() throws {
        let index = try StoreIndex(folder: folder(out, "out"))
        guard let relevance = index.relevance else {
            return print("The recipe names layer \(index.settings.saliencyLayer), so no layer was measured.")
        }
        print(RelevanceTable(relevance).text, terminator: "")
    }

    func list() throws {
        let contents = try StoreContents(store)
        let groups = Dictionary(grouping: contents.entries) { entry -> String in
            guard let seal = entry.seal else { return "not whole" }
            guard let origin = seal.origin else { return "of unknown origin" }
            let s = origin.settings
            let kept = s.encoding == .topK ? "top \(s.topK.map { "\($0)" } ?? "all")" : "\(s.samples) draws"
            let mass = s.saliencyMass < 1 ? ", \(s.saliencyMass) of alpha" : ""
            return
                "teacher \(origin.teacher.prefix(12)), \(kept) of \(s.commonVocabulary) ids, alpha of layer "
                + "\(s.saliencyLayer)\(mass)"
        }
        var summary: [JSONValue] = []
        for (name, entries) in groups.sorted(by: { $0.key < $1.key }) {
            let (bytes, samples) = (
                entries.reduce(0) { $0 + $1.bytes }, entries.reduce(0) { $0 + ($1.seal?.samples ?? 0) }
            )
            let positions = entries.reduce(0) { $0 + ($1.seal?.positions ?? 0) }
            summary.append([
                "what": .string(name), "entries": .int(entries.count), "samples": .int(samples),
                "positions": .int(positions), "bytes": .int(bytes),
            ])
            if !configuration.json {
                print(
                    String(
                        format: "%@: %ld entries, %ld samples, %ld positions, %.1f MB", name, entries.count,
                        samples, positions, Double(bytes) / 1e6))
            }
        }
        if contents.entries.isEmpty, !configuration.json { print("\(cache): no entries") }
        configuration.printSummary(["entries": .int(contents.entries.count), "groups": .array(summary)])
    }

    func check() throws {
        let contents = try StoreContents(store)
        let progress = ProgressReporter("checking", total: contents.entries.count, unit: "entries")
        var (damaged, bytes) = (0, 0)
        try contents.verify { entry, problem in
            bytes += entry.bytes
            if let problem {
                damaged += 1
                StandardError.write(
                    "cache-teacher: \(entry.path.path): \(problem); set aside, cache-teacher computes it "
                        + "again"
                )
            }
            progress.advance()
        }
        progress.finish()
        let comparison = try teacher == nil ? nil : recompute(contents)
        var text = String(
            format: "%ld entries, %.1f MB read, %ld damaged", contents.entries.count, Double(bytes) / 1e6,
            damaged)
        if let comparison {
            text += String(
                format:
                    "; %ld positions recomputed, log-probabilities within %.2g, alphas within %.2g, "
                    + "%ld wrong",
                comparison.positions,
                comparison.logProbability, comparison.saliency, comparison.wrong)
        }
        if !configuration.json { print(text) }
        configuration.printSummary([
            "entries": .int(contents.entries.count), "bytes": .int(bytes), "damaged": .int(damaged),
            "recomputed_positions": .int(comparison?.positions ?? 0), "wrong": .int(comparison?.wrong ?? 0),
        ])
        guard damaged == 0, comparison?.wrong ?? 0 == 0 else {
            throw StoreError.failedVerification(store: cache, findings: text)
        }
    }

    /// Samples of this teacher's entries for these shards, evenly over them, against what the teacher says
    /// now.
    private func recompute(_ contents: StoreContents) throws -> TeacherComparison {
        let folder = try folder(teacher, "teacher")
        let (dataset, digest) = (
            try ShardDataset(shards.sources("--shards")), try store.digest(ofModel: folder)
        )
        let recipe = try self.recipe()
        let numbers = Dictionary(
            dataset.index.shards.enumerated().map { ($1.rawSHA256, $0) },
            uniquingKeysWith: { first, _ in first })
        let mine = contents.entries.compactMap {
            entry -> (key: String, shard: Int, settings: TeacherOutputSettings)? in
            guard let origin = entry.seal?.origin, origin.teacher == digest,
                origin.settings.precision == recipe.precision.supported, let number = numbers[origin.shard]
            else { return nil }
            return (entry.key, number, origin.settings)
        }
        var comparison = TeacherComparison()
        guard !mine.isEmpty else {
            throw StoreError.nothingToRecompute(store: cache)
        }
        let outputs = try Teacher(folder, recipe).outputs(for: dataset)
        for turn in 0..<min(sample, mine.count) {
            let chosen = mine[turn * mine.count / min(sample, mine.count)]
            guard let cached = try store.entry(chosen.key) else { continue }
            let rows = max(1, sample / mine.count)
            try outputs.compare(
                cached, settings: chosen.settings, shard: chosen.shard, of: dataset,
                rows: (0..<min(rows, cached.samples)).map {
                    (turn + $0 * cached.samples / rows) % cached.samples
                }, into: &comparison)
        }
        return comparison
    }

    func prune() throws {
        let folders = index.map { URL(fileURLWithPath: $0) }
        let (keys, indexes) = try StoreContents.named(below: folders)
        guard indexes > 0 else {
            throw StageError.usage(
                "no index of teacher outputs below \(index.joined(separator: ", ")), so every entry would "
                    + "go: name the runs' folders with --index, or delete \(cache)"
            )
        }
        let contents = try StoreContents(store)
        let waste = try contents.waste(naming: keys)
        let claims = try Claims(store).sweep(remove: yes)
        for item in waste {
            if !configuration.json {
                print(
                    String(format: "%10.2f MB  %@: %@", Double(item.bytes) / 1e6, item.path.path, item.reason)
                )
            }
            if yes { try FileManager.default.removeItem(at: item.path) }
        }
        let bytes = waste.reduce(0) { $0 + $1.bytes }
        if !configuration.json {
            print(
                String(
                    format: "%@ %ld files, %.2f MB, and %ld dead claims; %ld indexes name %ld entries",
                    yes ? "deleted" : "would delete (--yes does)",
                    waste.count, Double(bytes) / 1e6, claims, indexes, keys.count))
        }
        configuration.printSummary([
            "deleted": .bool(yes), "files": .int(waste.count), "bytes": .int(bytes), "claims": .int(claims),
            "indexes": .int(indexes),
        ])
    }
}
