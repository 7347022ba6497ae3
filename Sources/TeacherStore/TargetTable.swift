import Distillation
import Files

/// Cached targets of many positions as columns of a safetensors file.
///
/// Columns, for P positions of k ids each, `<name>` being `response` or `visual`: `<name>_ids` u8: ids in
/// rank order, packed to ceil(log2 common) bits; `<name>_log_probabilities` f16 `[P, k]`; `<name>_log_tail`
/// f16 `[P]`.
struct TargetTable: TargetColumns {
    let perPosition: Int  // k
    private(set) var ids: [Int32] = []
    private(set) var logProbabilities: [Float] = []
    private(set) var logTails: [Float] = []

    var count: Int { logTails.count }

    init(perPosition: Int) { self.perPosition = perPosition }

    func byteCount(common: Int) -> Int {
        PackedIntegers.byteCount(ids.count, limit: common) + 2 * (logProbabilities.count + logTails.count)
    }

    mutating func append(_ targets: [CachedTarget]) {
        for target in targets {
            precondition(
                target.ids.count == perPosition,
                "TargetTable: \(target.ids.count) ids, expected \(perPosition)")
            ids += target.ids
            logProbabilities += target.logProbabilities
            logTails.append(target.logTail)
        }
    }

    func target(_ index: Int) -> CachedTarget {
        let range = index * perPosition..<(index + 1) * perPosition
        return CachedTarget(
            ids: Array(ids[range]), logProbabilities: Array(logProbabilities[range]), logTail: logTails[index]
        )
    }

    func write(_ name: String, common: Int, to writer: inout SafeTensorsWriter) {
        let packed = PackedIntegers.pack(ids, limit: common)
        writer.add("\(name)_ids", .uint8, shape: [packed.count], bytes: packed)
        writer.add("\(name)_log_probabilities", logProbabilities, shape: [count, perPosition], as: .float16)
        writer.add("\(name)_log_tail", logTails, shape: [count], as: .float16)
    }

    init(_ name: String, perPosition: Int, common: Int, from file: SafeTensorsFile) throws {
        self.perPosition = perPosition
        logTails = try file.floats("\(name)_log_tail")
        logProbabilities = try file.floats("\(name)_log_probabilities")
        guard logProbabilities.count == logTails.count * perPosition,
            let unpacked = PackedIntegers.unpack(
                try file.bytes("\(name)_ids"), count: logProbabilities.count, limit: common)
        else {
            throw StoreError.badEntry(
                path: file.path, problem: "columns '\(name)_*' do not belong together")
        }
        ids = unpacked
        guard !logProbabilities.contains(where: { $0.isNaN || $0 > 0.01 }),
            !logTails.contains(where: { $0.isNaN || $0 > 0.01 })
        else {
            throw StoreError.badEntry(
                path: file.path,
                problem: "'\(name)_log_probabilities' holds values that are no log-probabilities")
        }
    }
}
