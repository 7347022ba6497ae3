import Foundation
import Files

/// The teacher's outputs for one sample.
public struct CachedSample: Sendable {
    /// Alpha of the chosen layer, one number a visual token.
    public let saliency: [Float]
    /// One target a visual token.
    public let visual: [CachedTarget]
    /// One target a response token: the distribution it was predicted from.
    public let response: [CachedTarget]

    public init(saliency: [Float], visual: [CachedTarget], response: [CachedTarget]) {
        (self.saliency, self.visual, self.response) = (saliency, visual, response)
    }
}

/// The teacher's outputs for one shard: one entry of the cache.
///
/// Targets at visual positions are held once per distinct (image, text before it): by causality they do not depend on what follows.
public struct CachedShard: Sendable {
    package static let formatVersion = "1"
    private let common: Int
    private var response: TargetTable
    private var visual: TargetTable
    private var responseOffsets: [UInt64] = [0]
    private var visualOffsets: [UInt64] = [0]
    private var visualGroups: [Int32] = []  // per sample, -1 without an image
    private var saliency: [Float] = []
    private var saliencyOffsets: [UInt64] = [0]

    public var samples: Int { visualGroups.count }

    public init(topK: Int?, common: Int) {
        self.common = common
        response = TargetTable(perPosition: min(topK ?? common, common))
        visual = response
    }

    /// Adds targets that later samples may name as their visual ones.
    ///
    /// - Returns: the group's number
    public mutating func addVisualGroup(_ targets: [CachedTarget]) -> Int32 {
        visual.append(targets)
        visualOffsets.append(UInt64(visual.count))
        return Int32(visualOffsets.count - 2)
    }

    public mutating func addSample(visualGroup: Int32, saliency: [Float], response targets: [CachedTarget]) {
        response.append(targets)
        responseOffsets.append(UInt64(response.count))
        visualGroups.append(visualGroup)
        self.saliency += saliency
        saliencyOffsets.append(UInt64(self.saliency.count))
    }

    public func sample(_ index: Int) -> CachedSample {
        let group = Int(visualGroups[index])
        return CachedSample(
            saliency: Array(saliency[range(saliencyOffsets, index)]),
            visual: group < 0 ? [] : range(visualOffsets, group).map { visual.target($0) },
            response: range(responseOffsets, index).map { response.target($0) })
    }

    private func range(_ offsets: [UInt64], _ index: Int) -> Range<Int> { Int(offsets[index])..<Int(offsets[index + 1]) }

    /// Probability the tables leave to the tail: mean and worst over all positions.
    public var tailMass: (mean: Double, worst: Double, positions: Int) {
        let tails = (response.logTails + visual.logTails).map { exp(Double($0)) }
        return (tails.isEmpty ? 0 : tails.reduce(0, +) / Double(tails.count), tails.max() ?? 0, tails.count)
    }

    public func writer(metadata: [String: String]) -> SafeTensorsWriter {
        var all = metadata
        all["format_version"] = Self.formatVersion
        all["common_vocabulary"] = String(common)
        all["ids_per_position"] = String(response.perPosition)
        var writer = SafeTensorsWriter(metadata: all)
        writer.add("response_offsets", responseOffsets)
        response.write("response", common: common, to: &writer)
        writer.add("visual_group", visualGroups)
        writer.add("visual_offsets", visualOffsets)
        visual.write("visual", common: common, to: &writer)
        writer.add("saliency_offsets", saliencyOffsets)
        writer.add("saliency", saliency, shape: [saliency.count], as: .float16)
        return writer
    }

    /// - Throws: `DistillationError.badEntry` for anything that does not hold together
    public init(_ file: SafeTensorsFile) throws {
        func bad(_ problem: String) -> DistillationError { .badEntry(path: file.path, problem: problem) }
        guard file.metadata["format_version"] == Self.formatVersion else {
            throw bad("format version \(file.metadata["format_version"] ?? "missing"), this program reads \(Self.formatVersion)")
        }
        guard let common = file.metadata["common_vocabulary"].flatMap({ Int($0) }), common > 0, common < 1 << 30,
            let perPosition = file.metadata["ids_per_position"].flatMap({ Int($0) }), perPosition > 0, perPosition <= common
        else { throw bad("metadata 'common_vocabulary' or 'ids_per_position' is missing or senseless") }
        self.common = common
        response = try TargetTable("response", perPosition: perPosition, common: common, from: file)
        visual = try TargetTable("visual", perPosition: perPosition, common: common, from: file)
        saliency = try file.floats("saliency")
        visualGroups = try file.int32s("visual_group")
        func offsets(_ name: String, end: Int) throws -> [UInt64] {
            let values = try file.integers(name)
            guard values.first == 0, values.last == end, zip(values, values.dropFirst()).allSatisfy({ $0 <= $1 }) else {
                throw bad("'\(name)' does not run from 0 to \(end)")
            }
            return values.map { UInt64($0) }
        }
        responseOffsets = try offsets("response_offsets", end: response.count)
        visualOffsets = try offsets("visual_offsets", end: visual.count)
        saliencyOffsets = try offsets("saliency_offsets", end: saliency.count)
        guard responseOffsets.count == visualGroups.count + 1, saliencyOffsets.count == visualGroups.count + 1,
            visualGroups.allSatisfy({ $0 >= -1 && Int($0) < visualOffsets.count - 1 })
        else { throw bad("columns disagree about the number of samples") }
        for (index, group) in visualGroups.enumerated() {
            let tokens = group < 0 ? 0 : range(visualOffsets, Int(group)).count
            guard range(saliencyOffsets, index).count == tokens else { throw bad("'saliency' of sample \(index) misses the visual tokens") }
        }
    }
}
