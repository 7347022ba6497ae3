import Files
import Foundation
import Records
import Shards

/// Finds what stands more than once in the data of a training: samples with the same conversation and the
/// same picture, and pictures, over and within its sources and the samples that are held back.
///
/// Compares digests alone: 8 bytes for each sample and each picture are in memory, and no shard is read.
package struct SampleRepeats {
    private struct Source {
        let name: String
        let isHeldBack: Bool
        let digests: SampleDigests
    }
    private var sources: [Source] = []
    private var unknown: [String] = []

    /// - Throws: `ShardsError`, `FilesError` for digests that cannot be read
    package init(_ dataset: ShardDataset, heldBack: ShardDataset? = nil) throws {
        for (data, isHeldBack) in [(dataset, false), (heldBack, true)] {
            for source in data?.sources ?? [] {
                let name = source.name.isEmpty ? (isHeldBack ? "validation" : "shards") : source.name
                guard let digests = try SampleDigests(folder: source.folder, samples: source.samples.count)
                else {
                    unknown.append(name)
                    continue
                }
                sources.append(Source(name: name, isHeldBack: isHeldBack, digests: digests))
            }
        }
    }

    /// A digest and whose it is.
    private struct Owned {
        let digest: UInt64
        let source: Int

        init(_ digest: UInt64, _ source: Int) { (self.digest, self.source) = (digest, source) }
    }

    /// How often a digest stands in each source that has it.
    private typealias Owners = [(source: Int, count: Int)]

    /// Calls `body` for every digest.
    private static func group(_ owned: inout [Owned], _ body: (Owners) -> Void) {
        owned.sort { ($0.digest, $0.source) < ($1.digest, $1.source) }
        var start = 0
        while start < owned.count {
            var owners: Owners = []
            var next = start
            while next < owned.count, owned[next].digest == owned[start].digest {
                if owners.last?.source == owned[next].source {
                    owners[owners.count - 1].count += 1
                } else {
                    owners.append((owned[next].source, 1))
                }
                next += 1
            }
            body(owners)
            start = next
        }
    }

    /// Counts over all sources.
    package func found() -> RepeatsFile {
        let count = sources.count
        var repeated = Array(repeating: 0, count: count)
        var (pictures, sharedSamples, sharedPictures) = (repeated, repeated, repeated)
        let table = Array(repeating: repeated, count: count)
        var (samplesIn, picturesIn) = (table, table)
        // A conversation and a picture become one number; two of different ones are equal by a chance of
        // 1 : 10^6 among millions.
        var owned = sources.indices.flatMap { number in
            let digests = sources[number].digests
            return zip(digests.conversations, digests.pictures).map { conversation, picture in
                Owned(
                    UInt64(bitPattern: Int64(conversation))
                        ^ UInt64(bitPattern: Int64(picture)) &* 0x9E37_79B9_7F4A_7C15, number)
            }
        }
        Self.group(&owned) { owners in
            for owner in owners {
                repeated[owner.source] += owner.count - 1
                let others = owners.filter { $0.source != owner.source && !sources[$0.source].isHeldBack }
                if !others.isEmpty { sharedSamples[owner.source] += owner.count }
                for other in others { samplesIn[owner.source][other.source] += owner.count }
            }
        }
        owned = sources.indices.flatMap { number in
            sources[number].digests.pictures.filter { $0 != 0 }.map {
                Owned(UInt64(bitPattern: Int64($0)), number)
            }
        }
        Self.group(&owned) { owners in
            for owner in owners {
                pictures[owner.source] += 1
                let others = owners.filter { $0.source != owner.source && !sources[$0.source].isHeldBack }
                if !others.isEmpty { sharedPictures[owner.source] += 1 }
                for other in others { picturesIn[owner.source][other.source] += 1 }
            }
        }
        func shared(_ counts: [Int]) -> [RepeatsFile.Shared] {
            counts.indices.filter { counts[$0] > 0 }.map { .init(sources[$0].name, counts[$0]) }
        }
        return RepeatsFile(
            sources: sources.indices.map { number in
                RepeatsFile.Source(
                    name: sources[number].name, isHeldBack: sources[number].isHeldBack,
                    samples: sources[number].digests.conversations.count, pictures: pictures[number],
                    repeated: repeated[number], sharedSamples: sharedSamples[number],
                    sharedPictures: sharedPictures[number], samplesIn: shared(samplesIn[number]),
                    picturesIn: shared(picturesIn[number]))
            }, unknown: unknown)
    }
}

extension RepeatsFile {
    /// What a log says of it, a line for each source of which something stands twice.
    package var notices: [String] {
        func list(_ shared: [Shared]) -> String {
            "are also in others (" + shared.map { "\($0.source) \($0.count)" }.joined(separator: ", ") + ")"
        }
        let lines = sources.filter(\.hasRepeats).map { source in
            let parts = [
                source.repeated > 0
                    ? "\(source.repeated) of \(source.samples) samples repeat earlier ones" : nil,
                source.sharedSamples > 0
                    ? "\(source.sharedSamples) of \(source.samples) samples " + list(source.samplesIn) : nil,
                source.sharedPictures > 0
                    ? "\(source.sharedPictures) of \(source.pictures) pictures " + list(source.picturesIn)
                    : nil,
            ].compactMap { $0 }
            let isTrainedOn = source.isHeldBack && source.sharedSamples + source.sharedPictures > 0
            return (isTrainedOn ? "warning: what is held back is trained on: " : "repeats: ")
                + "\(source.name): \(parts.joined(separator: "; "))"
        }
        return lines
            + (unknown.isEmpty
                ? []
                : [
                    "whether samples repeat is not known of \(unknown.joined(separator: ", ")), "
                        + "packed before digests were kept: pack them again to know"
                ])
    }
}
