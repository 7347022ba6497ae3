import Files
import Foundation
import Shards
import Stage
import TeacherStore

/// `filling.jsonl`: a line for each entry this process began, wrote, or found written by another. Survives a
/// kill.
final class FillingLog {
    static let file = "filling.jsonl"
    private let writer: JSONLinesWriter

    init(_ path: URL) throws { writer = try JSONLinesWriter(appendingTo: path) }

    func write(_ event: Filling.Event, _ keys: [String]) throws {
        let (name, index): (String, Int)
        switch event {
        case .computing(let number): (name, index) = ("computing", number)
        case .written(let number): (name, index) = ("written", number)
        case .sharedIn(let number): (name, index) = ("shared", number)
        case .damaged(let number, _): (name, index) = ("damaged", number)
        case .reused, .waiting: return
        }
        let line: JSONValue = [
            "event": .string(name), "shard": .int(index), "key": .string(keys[index]),
            "time": .string(Date().formatted(.iso8601)),
        ]
        try writer.append(line.text())
    }
}

/// How many entries came from where, for the user.
struct FillingCounts {
    private let dataset: ShardDataset
    private let reporter: ProgressReporter
    private(set) var reused = 0
    private(set) var computed = 0
    private(set) var shared = 0
    private var samples = 0

    init(_ dataset: ShardDataset) {
        self.dataset = dataset
        reporter = ProgressReporter("teacher outputs", total: dataset.count, unit: "samples")
    }

    var done: Int { reused + computed + shared }

    func progress(_ inShard: Int) { reporter.update(samples + inShard) }

    mutating func count(_ event: Filling.Event, _ keys: [String]) throws {
        switch event {
        case .reused(let number):
            reused += 1
            samples += dataset.index.shards[number].samples
        case .written(let number):
            computed += 1
            samples += dataset.index.shards[number].samples
        case .sharedIn(let number):
            shared += 1
            samples += dataset.index.shards[number].samples
        case .damaged(let number, let problem):
            StandardError.write(
                "cache-teacher: warning: entry \(keys[number]) of \(dataset.name(ofShard: number)): "
                    + "\(problem); computing it again"
            )
        case .waiting(let left):
            reporter.update(samples, suffix: "waiting for \(left) shards of other processes")
        case .computing: break
        }
    }

    /// Says it, and gives it to the receipt.
    func summary(_ index: StoreIndex, _ quantization: QuantizationError?) -> JSONValue {
        reporter.finish()
        let entries = index.entries
        let (bytes, positions) = (
            entries.reduce(0) { $0 + $1.bytes }, entries.reduce(0) { $0 + $1.positions }
        )
        let state = entries.reduce(0) { $0 + $1.stateBytes }
        func tailMass(_ entries: some Sequence<StoreIndex.Entry>) -> Double {
            let (mass, positions) = entries.reduce((0, 0)) {
                ($0.0 + $1.meanTailMass * Double($1.positions), $0.1 + $1.positions)
            }
            return mass / Double(max(1, positions))
        }
        let tail = tailMass(entries)
        // Of a mixture each source by itself: a top k that suits one may cut much of another.
        let sources = dataset.sources.count > 1 ? dataset.sources : []
        let bySource = sources.map { ($0.name, tailMass(entries[$0.shards])) }
        let worst = entries.map(\.worstTailMass).max() ?? 0
        let others = shared > 0 ? ", \(shared) by other processes" : ""
        let mass =
            index.settings.encoding == .topK
            ? String(format: ", tail mass %.2g mean, %.2g worst", tail, worst)
                + (bySource.isEmpty
                    ? ""
                    : " (" + bySource.map { "\($0) " + String(format: "%.2g", $1) }.joined(separator: ", ")
                        + ")")
            : ""
        StandardError.write(
            "cache-teacher: reused \(reused)/\(entries.count), computed \(computed)\(others); "
                + String(
                    format: "%ld positions, %.1f bytes each before zstd and %.1f on disk, %.1f MB", positions,
                    Double(state) / Double(max(1, positions)),
                    Double(bytes) / Double(max(1, positions)), Double(bytes) / 1e6) + mass)
        var counts: JSONObject = [
            "entries": .int(entries.count), "reused": .int(reused), "computed": .int(computed),
            "shared": .int(shared),
            "positions": .int(positions), "bytes": .int(bytes), "state_bytes": .int(state),
            "saliency_layer": .int(index.settings.saliencyLayer), "mean_tail_mass": .number(tail),
            "worst_tail_mass": .number(worst),
        ]
        if let quantization {
            counts.append("int8_kl", .number(quantization.divergence))
            counts.append("int8_worst_kl", .number(quantization.worstDivergence))
            counts.append("int8_agreement", .number(quantization.agreement))
            if let cosine = quantization.cosine { counts.append("int8_alpha_cosine", .number(cosine)) }
        }
        if !bySource.isEmpty {
            counts.append(
                "mean_tail_mass_by_source",
                .object(JSONObject(bySource.map { (name: $0.0, value: .number($0.1)) })))
        }
        return .object(counts)
    }
}
