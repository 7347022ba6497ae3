import Distillation
import Files
import Foundation

/// Draws from the teacher at many positions as columns of a safetensors file.
///
/// Columns, for P positions of n draws each, `<name>` being `response` or `visual`: `<name>_distinct` u16
/// `[P]`: how many ids the draws hit; `<name>_ids` u8: those ids, most often drawn first, packed to ceil(log2
/// common) bits; `<name>_counts` u8: how often, packed to ceil(log2 (n + 1)) bits; `<name>_entropy` f32
/// `[P]`: of the whole distribution, nats.
struct SampledTable: TargetColumns {
    let draws: Int  // n
    private var distinct: [UInt16] = []
    private var starts = [0]  // [P + 1], in ids
    private var ids: [Int32] = []
    private var counts: [Int32] = []
    private var entropies: [Float] = []

    var count: Int { distinct.count }
    var logTails: [Float] { [] }

    init(draws: Int) { self.draws = draws }

    func byteCount(common: Int) -> Int {
        PackedIntegers.byteCount(ids.count, limit: common)
            + PackedIntegers.byteCount(counts.count, limit: draws + 1) + 6 * count
    }

    mutating func append(_ targets: [CachedTarget]) {
        for target in targets {
            guard let entropy = target.entropy else {
                preconditionFailure("SampledTable: a target without draws")
            }
            let hits = target.logProbabilities.map { Int32((exp(Double($0)) * Double(draws)).rounded()) }
            precondition(
                hits.reduce(0, +) == draws, "SampledTable: \(hits.reduce(0, +)) draws, expected \(draws)")
            ids += target.ids
            counts += hits
            distinct.append(UInt16(target.ids.count))
            starts.append(ids.count)
            entropies.append(entropy)
        }
    }

    func target(_ index: Int) -> CachedTarget {
        let range = starts[index]..<starts[index + 1]
        return CachedTarget(ids: Array(ids[range]), counts: Array(counts[range]), entropy: entropies[index])
    }

    func write(_ name: String, common: Int, to writer: inout SafeTensorsWriter) {
        let packed = [
            ("ids", PackedIntegers.pack(ids, limit: common)),
            ("counts", PackedIntegers.pack(counts, limit: draws + 1)),
        ]
        for (column, bytes) in packed {
            writer.add("\(name)_\(column)", .uint8, shape: [bytes.count], bytes: bytes)
        }
        writer.add("\(name)_distinct", distinct)
        writer.add("\(name)_entropy", entropies)
    }

    init(_ name: String, draws: Int, common: Int, from file: SafeTensorsFile) throws {
        func bad(_ problem: String) -> StoreError {
            .badEntry(path: file.path, problem: "'\(name)_\(problem)")
        }
        self.draws = draws
        entropies = try file.floats("\(name)_entropy")
        for value in try file.integers("\(name)_distinct") {
            guard let value = UInt16(exactly: value), value > 0, value <= draws else {
                throw bad("distinct' holds \(value), possible are 1 to \(draws)")
            }
            distinct.append(value)
            starts.append(starts[distinct.count - 1] + Int(value))
        }
        let total = starts[distinct.count]
        guard entropies.count == distinct.count, entropies.allSatisfy({ $0.isFinite && $0 > -0.01 }),
            let ids = PackedIntegers.unpack(try file.bytes("\(name)_ids"), count: total, limit: common),
            let counts = PackedIntegers.unpack(
                try file.bytes("\(name)_counts"), count: total, limit: draws + 1)
        else { throw bad("*': these columns do not belong together") }
        (self.ids, self.counts) = (ids, counts)
        for index in distinct.indices {
            let hits = counts[starts[index]..<starts[index + 1]]
            guard hits.reduce(0, { $0 + Int($1) }) == draws, !hits.contains(0) else {
                throw bad("counts' of position \(index) do not add up to \(draws)")
            }
        }
    }
}
