import Files
import Foundation
import Images
import Ranks

/// The second pass of a packing.
extension PackingRun {
    /// The prepared pictures; nil when no sample has one.
    mutating func prepareImages(_ onEvent: (PackingEvent) throws -> Void) throws -> PixelSpool? {
        guard let source = packing.images, !imageNames.isEmpty else { return nil }
        let recordBytes = imageProcessor.samples
        if ranks.isFirst { try checkDisk(recordBytes * imageNames.count) }
        pictureDigests = Array(repeating: 0, count: imageNames.count)
        let pixels = ranks.isFirst ? try PixelSpool(in: folder, recordBytes: recordBytes) : nil
        var done = 0
        try visit(Array(imageNames.indices), of: source) { run, batch in
            try run.prepare(batch, pixels)
            done += batch.count
            try onEvent(.prepared(images: done, of: run.imageNames.count))
        }
        try onEvent(.transparent(images: transparentImages))
        return pixels
    }

    /// Hands over some of the pictures, batch by batch; those that are not there are reported.
    mutating func visit(
        _ images: [Int], of source: URL,
        _ body: (inout PackingRun, _ batch: [(image: Int, bytes: [UInt8])]) throws -> Void
    ) throws {
        var batch: [(image: Int, bytes: [UInt8])] = []
        var batchBytes = 0
        let absent = try Archive.visit(images.map { imageNames[$0] }, of: source) { number, bytes in
            batch.append((images[number], bytes))
            batchBytes += bytes.count
            if batch.count >= 16 * packing.threads * ranks.count || batchBytes >= 64 << 20 {
                try body(&self, batch)
                batch.removeAll(keepingCapacity: true)
                batchBytes = 0
            }
        }
        try body(&self, batch)
        for (number, reason) in absent {
            let (image, name) = (images[number], imageNames[images[number]])
            switch reason {
            case .missing(let near):
                try report(
                    image, kind: "missing-image",
                    reason:
                        "image '\(outside: name)' is not in \(source.path)\(Self.hint(missing: name, near))")
            case .link(let target):
                try report(
                    image, kind: "linked-image",
                    reason: "\(FilesError.linkMember(archive: source.path, member: name, target: target))")
            }
        }
    }

    /// What may be behind a name that is not there, in brackets.
    private static func hint(missing name: String, _ near: String?) -> String {
        // Names that differ in the form of their letters alone would look the same.
        if let near, near != name { return " (it has '\(outside: near)'; names must be the same)" }
        if name.hasPrefix("/") { return " (also paths from the root are looked for below it)" }
        return name.utf8.allSatisfy { $0 < 0x80 }
            ? "" : " (names are compared byte by byte: é may also be stored as e and an accent)"
    }

    /// A picture as one process tells the first one.
    private struct Prepared: Codable, Sendable {
        let image: Int
        let isTransparent: Bool
        let digest: Int
        /// The numbers, or what is wrong with the picture.
        let pixels: Data?
        let problem: String?
    }

    /// Prepares the pictures of a batch, of which every process takes some.
    mutating func prepare(_ batch: [(image: Int, bytes: [UInt8])], _ pixels: PixelSpool?) throws {
        let own = batch.indices.filter { $0 % ranks.count == ranks.rank }.map { batch[$0] }
        let isAlone = ranks.count == 1
        let prepared = try parallelMap(own, threads: packing.threads) {
            [imageProcessor, imageNames, background] item -> Prepared in
            let digest = SampleDigests.picture(item.bytes)
            do {
                let decoded = try decodeTransparentImage(
                    item.bytes, name: imageNames[item.image], background: background)
                let numbers = imageProcessor.process(decoded.image)
                if isAlone { try pixels?.write(numbers, image: item.image) }
                return Prepared(
                    image: item.image, isTransparent: decoded.isTransparent, digest: digest,
                    pixels: isAlone ? nil : Data(numbers), problem: nil)
            } catch let error as ImageError {
                return Prepared(
                    image: item.image, isTransparent: false, digest: digest, pixels: nil, problem: "\(error)")
            }
        }
        let all = try ranks.collect(prepared).flatMap { $0 }.sorted { $0.image < $1.image }
        for found in all {
            transparentImages += found.isTransparent ? 1 : 0
            pictureDigests[found.image] = found.digest
            if let numbers = found.pixels { try pixels?.write([UInt8](numbers), image: found.image) }
            if let problem = found.problem {
                try report(found.image, kind: "bad-image", reason: problem)
            }
        }
    }

    private mutating func report(_ image: Int, kind: String, reason: String) throws {
        if packing.settings.onBadSample == .fail {
            var user = try spool.entry(after: nil)
            while let sample = user, sample.image != image { user = try spool.entry(after: sample) }
            if let user { try refuse(user, kind: kind, reason: reason) }
        }
        imageProblems[image] = (kind, reason)
    }

    private func checkDisk(_ needed: Int) throws {
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: folder.path)
        guard let free = (attributes?[.systemFreeSize] as? NSNumber)?.intValue, free < needed else { return }
        throw ShardsError.diskTooSmall(folder: folder.path, neededBytes: needed, freeBytes: free)
    }
}
