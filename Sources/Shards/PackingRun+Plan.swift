import Files
import Foundation

/// A packing of everything but its pictures, and of a few of those.
extension PackingRun {
    mutating func planned(pictures: Int, _ onEvent: (PackingEvent) throws -> Void) throws -> PackingPlan {
        var plan = PackingPlan()
        let clock = ContinuousClock()
        var start = clock.now
        func passed() -> Double {
            defer { start = clock.now }
            return (clock.now - start) / .seconds(1)
        }
        plan.records = try readConversations(onEvent)
        plan.readingSeconds = passed()
        let looked = try look(at: pictures, &plan, onEvent)
        start = clock.now
        try writeTexts(&plan, onEvent)
        plan.writingSeconds += passed()
        plan.pictures = imageNames.count
        let record = imageProcessor.samples
        plan.waitingBytes = spool.bytes + record * plan.pictures
        plan.rawBytes += record * plan.storedPictures
        if let looked {
            let stored = Double(plan.storedPictures)
            plan.compressedBytes += Int(looked.bytes * stored)
            plan.writingSeconds += looked.writingSeconds * stored
            plan.preparingSeconds = looked.seconds * Double(plan.pictures)
        }
        return plan
    }

    /// What a picture takes.
    private struct Look {
        /// Bytes after zstd, and seconds of preparing and of writing, with all threads at work.
        let bytes, seconds, writingSeconds: Double
    }

    /// Prepares and compresses some pictures, spread over the data.
    ///
    /// - Returns: nil where no sample has one
    private mutating func look(
        at most: Int, _ plan: inout PackingPlan, _ onEvent: (PackingEvent) throws -> Void
    ) throws -> Look? {
        let count = min(max(1, most), imageNames.count)
        guard let source = packing.images, count > 0 else { return nil }
        let chosen = (0..<count).map { $0 * imageNames.count / count }
        let pixels = try PixelSpool(in: folder, recordBytes: imageProcessor.samples)
        let clock = ContinuousClock()
        let start = clock.now
        let preparing = try prepare(chosen, of: source, into: pixels, onEvent)
        let all = (clock.now - start) / .seconds(1)
        plan.measured = count
        // Of a folder each picture is looked up by itself; an archive is gone through however few are wanted.
        let isFolder = try source.resourceValues(forKeys: [.isDirectoryKey]).isDirectory == true
        plan.findingSeconds = (all - preparing) * (isFolder ? Double(imageNames.count) / Double(count) : 1)
        let good = chosen.filter { imageProblems[$0] == nil }
        guard !good.isEmpty else { return nil }
        let written = clock.now
        let parts = min(packing.threads, good.count)
        let bytes = try parallelMap(Array(0..<parts), threads: packing.threads) {
            [imageProcessor, packing] part -> Int in
            let images = good[good.count * part / parts..<good.count * (part + 1) / parts]
            var writer = SafeTensorsWriter()
            let size = imageProcessor.size
            writer.add("pixels", .uint8, shape: [images.count, size, size, 3]) { sink in
                for image in images { try pixels.copy(image: image, to: sink) }
            }
            // Written shards have the digests of both.
            let raw = try writer.serialized()
            let compressed = try writer.serialized(
                compression: .zstandard(level: packing.settings.compressionLevel))
            _ = (Digest.sha256(raw), Digest.sha256(compressed))
            return compressed.count
        }
        return Look(
            bytes: Double(bytes.reduce(0, +)) / Double(good.count), seconds: preparing / Double(count),
            writingSeconds: (clock.now - written) / .seconds(1) / Double(good.count))
    }

    /// Prepares some pictures as a packing does.
    ///
    /// - Returns: seconds without those of finding them
    private mutating func prepare(
        _ chosen: [Int], of source: URL, into pixels: PixelSpool, _ onEvent: (PackingEvent) throws -> Void
    ) throws -> Double {
        let clock = ContinuousClock()
        var (seconds, done) = (0.0, 0)
        pictureDigests = Array(repeating: 0, count: imageNames.count)
        try visit(chosen, of: source) { run, batch in
            let start = clock.now
            try run.prepare(batch, pixels)
            seconds += (clock.now - start) / .seconds(1)
            done += batch.count
            try onEvent(.prepared(images: done, of: chosen.count))
        }
        return seconds
    }

    /// Writes all shards without their pictures, one group of them after the other, and counts.
    private mutating func writeTexts(_ plan: inout PackingPlan, _ onEvent: (PackingEvent) throws -> Void)
        throws
    {
        let shards = try shardCount()
        (plan.shards, plan.skipped) = (shards, skippedCount)
        var latest: SampleSpool.Entry?
        let record = imageProcessor.samples
        var done = 0
        while done < shards {
            let group = try nextShards(after: done, of: shards, &latest)
            let entries = try parallelMap(group, threads: packing.threads) { [self] shard in
                try write(shard.samples, shard.number, nil)
            }
            var atOnce = 0
            for (shard, entry) in zip(group, entries) {
                let pictures = Set(shard.samples.compactMap(\.image)).count
                plan.samples += entry.samples
                plan.tokens += entry.tokens
                plan.supervisedTokens += entry.supervisedTokens
                plan.storedPictures += pictures
                plan.rawBytes += entry.rawBytes
                plan.compressedBytes += entry.compressedBytes
                atOnce += entry.rawBytes + pictures * record
                let file = folder.appendingPathComponent(entry.file).path
                guard unlink(file) == 0 else {
                    throw FilesError.system(path: file, operation: "remove", code: errno)
                }
            }
            plan.shardBytes = max(plan.shardBytes, atOnce)
            done += group.count
            try onEvent(.wrote(shards: done, of: shards))
        }
    }
}
