import Distillation
import Files
import Foundation

/// The teacher's outputs for one shard: one entry of the cache.
///
/// Targets at visual positions are held once per distinct (image, text before it): by causality they do not
/// depend on what follows.
public struct CachedShard: Sendable {
    package static let formatVersion = 2
    private let common: Int
    private var response: any TargetColumns
    private var visual: any TargetColumns
    private var responseOffsets: [UInt64] = [0]
    private var visualOffsets: [UInt64] = [0]
    /// Places of the rows of a cut visual table in their image's run; nil where all are there.
    private var visualPositions: [Int32]?
    private var visualGroups: [Int32] = []  // per sample, -1 without an image
    private var saliency: [Float] = []
    private var saliencyOffsets: [UInt64] = [0]

    /// Samples that the entry holds.
    public var samples: Int { visualGroups.count }

    public init(_ settings: TeacherOutputSettings) {
        common = settings.commonVocabulary
        response =
            settings.encoding == .sampled
            ? SampledTable(draws: settings.samples) : TargetTable(perPosition: settings.idsPerPosition)
        visual = response
        if settings.saliencyMass < 1 { visualPositions = [] }
    }

    /// Adds targets that later samples may name as their visual ones.
    ///
    /// - Parameter positions: which of the image's visual tokens they are, ascending, where not all are kept
    /// - Returns: the group's number
    public mutating func addVisualGroup(_ targets: [CachedTarget], at positions: [Int] = []) -> Int32 {
        visual.append(targets)
        if visualPositions != nil {
            precondition(
                positions.count == targets.count,
                "CachedShard: \(positions.count) positions of \(targets.count) targets")
            visualPositions? += positions.map { Int32($0) }
        }
        visualOffsets.append(UInt64(visual.count))
        return Int32(visualOffsets.count - 2)
    }

    /// Adds a sample.
    ///
    /// - Parameters:
    ///   - visualGroup: as `addVisualGroup` gave it, or -1 without an image
    ///   - saliency: alpha of each visual token
    ///   - targets: one a response token
    public mutating func addSample(visualGroup: Int32, saliency: [Float], response targets: [CachedTarget]) {
        response.append(targets)
        responseOffsets.append(UInt64(response.count))
        visualGroups.append(visualGroup)
        self.saliency += saliency
        saliencyOffsets.append(UInt64(self.saliency.count))
    }

    /// The outputs for one sample.
    public func sample(_ index: Int) -> CachedSample {
        let group = Int(visualGroups[index])
        let alpha = Array(saliency[range(saliencyOffsets, index)])
        var targets: [CachedTarget] = []
        if group >= 0 {
            let rows = range(visualOffsets, group)
            if let visualPositions {
                targets = Array(repeating: .none, count: alpha.count)
                for row in rows { targets[Int(visualPositions[row])] = visual.target(row) }
            } else {
                targets = rows.map { visual.target($0) }
            }
        }
        return CachedSample(
            saliency: alpha, visual: targets,
            response: range(responseOffsets, index).map { response.target($0) })
    }

    /// The sample's group of visual targets, or nil.
    func visualGroup(_ index: Int) -> Int? { visualGroups[index] < 0 ? nil : Int(visualGroups[index]) }

    var groups: Int { visualOffsets.count - 1 }

    func targets(ofGroup group: Int) -> [CachedTarget] {
        range(visualOffsets, group).map { visual.target($0) }
    }

    private func range(_ offsets: [UInt64], _ index: Int) -> Range<Int> {
        Int(offsets[index])..<Int(offsets[index + 1])
    }

    /// Probability the tables leave to the tail: mean and worst over all positions.
    public var tailMass: (mean: Double, worst: Double, positions: Int) {
        let tails = (response.logTails + visual.logTails).map { exp(Double($0)) }
        return (tails.isEmpty ? 0 : tails.reduce(0, +) / Double(tails.count), tails.max() ?? 0, tails.count)
    }

    /// Positions whose distribution is held.
    public var positions: Int { response.count + visual.count }

    /// Bytes of distributions and alphas before compression.
    public var stateBytes: Int {
        response.byteCount(common: common) + visual.byteCount(common: common) + 2 * saliency.count + 4
            * (visualPositions?.count ?? 0)
    }

    /// The entry as a safetensors file.
    public func writer(metadata: [String: String]) -> SafeTensorsWriter {
        var all = metadata
        all["format_version"] = String(Self.formatVersion)
        all["common_vocabulary"] = String(common)
        if let table = response as? SampledTable { all["draws_per_position"] = String(table.draws) }
        if let table = response as? TargetTable { all["ids_per_position"] = String(table.perPosition) }
        var writer = SafeTensorsWriter(metadata: all)
        writer.add("response_offsets", responseOffsets)
        response.write("response", common: common, to: &writer)
        writer.add("visual_group", visualGroups)
        writer.add("visual_offsets", visualOffsets)
        visual.write("visual", common: common, to: &writer)
        if let visualPositions { writer.add("visual_positions", visualPositions) }
        writer.add("saliency_offsets", saliencyOffsets)
        writer.add("saliency", saliency, shape: [saliency.count], as: .float16)
        return writer
    }

    /// Fails where the entry's tables are not those of such settings: its ids would then be looked up in
    /// vocabularies that do not have them.
    ///
    /// - Throws: `StoreError.badEntry`
    func require(_ settings: TeacherOutputSettings, path: String) throws {
        let expected = CachedShard(settings)
        func columns(_ table: any TargetColumns) -> String {
            if let table = table as? SampledTable { return "\(table.draws) draws a position" }
            return "\((table as? TargetTable)?.perPosition ?? 0) ids a position"
        }
        func check(_ what: String, _ found: String, _ wanted: String) throws {
            guard found != wanted else { return }
            throw StoreError.badEntry(
                path: path, problem: "its \(what): \(found), its settings say \(wanted)")
        }
        try check("common vocabulary", "\(common)", "\(expected.common)")
        try check("tables", columns(response), columns(expected.response))
        try check(
            "visual tables", visualPositions == nil ? "whole" : "cut",
            expected.visualPositions == nil ? "whole" : "cut")
    }

    /// - Throws: `StoreError.badEntry` for anything that does not hold together
    public init(_ file: SafeTensorsFile) throws {
        func bad(_ problem: String) -> StoreError { .badEntry(path: file.path, problem: problem) }
        guard file.metadata["format_version"] == String(Self.formatVersion) else {
            throw bad(
                "format version \(file.metadata["format_version"] ?? "missing"), "
                    + "this program reads \(Self.formatVersion)"
            )
        }
        func number(_ name: String) -> Int? { file.metadata[name].flatMap { Int($0) } }
        guard let common = number("common_vocabulary"), common > 0, common < 1 << 30 else {
            throw bad("metadata 'common_vocabulary' is missing or senseless")
        }
        self.common = common
        if let draws = number("draws_per_position"), draws > 0, draws <= Int(UInt16.max) {
            response = try SampledTable("response", draws: draws, common: common, from: file)
            visual = try SampledTable("visual", draws: draws, common: common, from: file)
        } else if let perPosition = number("ids_per_position"), perPosition > 0, perPosition <= common {
            response = try TargetTable("response", perPosition: perPosition, common: common, from: file)
            visual = try TargetTable("visual", perPosition: perPosition, common: common, from: file)
        } else {
            throw bad("metadata 'ids_per_position' is missing or senseless")
        }
        visualPositions = file.contains("visual_positions") ? try file.int32s("visual_positions") : nil
        saliency = try file.floats("saliency")
        guard saliency.allSatisfy({ $0 >= 0 && $0 <= 1.01 }) else {
            throw bad("'saliency' holds values that are no shares of attention")
        }
        visualGroups = try file.int32s("visual_group")
        func offsets(_ name: String, end: Int) throws -> [UInt64] {
            let values = try file.integers(name)
            guard values.first == 0, values.last == end,
                zip(values, values.dropFirst()).allSatisfy({ $0 <= $1 })
            else {
                throw bad("'\(name)' does not run from 0 to \(end)")
            }
            return values.map { UInt64($0) }
        }
        responseOffsets = try offsets("response_offsets", end: response.count)
        visualOffsets = try offsets("visual_offsets", end: visual.count)
        saliencyOffsets = try offsets("saliency_offsets", end: saliency.count)
        guard responseOffsets.count == visualGroups.count + 1,
            saliencyOffsets.count == visualGroups.count + 1,
            visualGroups.allSatisfy({ $0 >= -1 && Int($0) < visualOffsets.count - 1 })
        else { throw bad("columns disagree about the number of samples") }
        if let visualPositions, visualPositions.count != visual.count {
            throw bad("'visual_positions' misses rows of the visual table")
        }
        for (index, group) in visualGroups.enumerated() {
            let (rows, tokens) = (
                group < 0 ? 0..<0 : range(visualOffsets, Int(group)), range(saliencyOffsets, index).count
            )
            if let places = visualPositions?[rows] {
                guard zip(places, places.dropFirst()).allSatisfy({ $0 < $1 }),
                    places.allSatisfy({ $0 >= 0 && Int($0) < tokens })
                else {
                    throw bad("'visual_positions' of sample \(index) do not rise below \(tokens)")
                }
            } else if tokens != rows.count {
                throw bad("'saliency' of sample \(index) misses the visual tokens")
            }
        }
    }
}
