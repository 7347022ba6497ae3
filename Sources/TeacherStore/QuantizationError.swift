import Autograd
import CKernels
import Distillation
import Foundation
import Models
import Settings
import Shards
import Tensors

/// How far a teacher in int8 is from the same teacher in bf16, over positions whose distributions
/// distillation needs.
public struct QuantizationError: Sendable, Codable {
    /// Samples and positions that were compared.
    public private(set) var samples = 0, positions = 0
    /// KL(bf16 ‖ int8) over the common vocabulary, nats: the sum, and the largest of one position.
    public private(set) var divergenceSum = 0.0, worstDivergence = 0.0
    /// Positions whose most probable id is the same.
    public private(set) var agreeing = 0
    /// Cosine of the two alphas of Eq. 3: the sum over samples that have one, and how many do.
    public private(set) var cosineSum = 0.0, saliencies = 0

    public init() {}

    /// Mean KL(bf16 ‖ int8), nats.
    public var divergence: Double { divergenceSum / Double(max(1, positions)) }
    /// Share of the positions whose most probable id is the same.
    public var agreement: Double { Double(agreeing) / Double(max(1, positions)) }
    /// Mean cosine of the alphas; nil where no sample has an image and an instruction.
    public var cosine: Double? { saliencies > 0 ? cosineSum / Double(saliencies) : nil }

    mutating func add(_ rows: [(divergence: Double, agrees: Bool)]) {
        positions += rows.count
        for row in rows {
            divergenceSum += row.divergence
            // Not `max`: what is no number must not be lost.
            if !(row.divergence <= worstDivergence) { worstDivergence = row.divergence }
            agreeing += row.agrees ? 1 : 0
        }
    }

    mutating func add(saliency a: [Float], _ b: [Float]) {
        samples += 1
        func dot(_ x: [Float], _ y: [Float]) -> Double {
            zip(x, y).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }
        let norms = (dot(a, a) * dot(b, b)).squareRoot()
        guard norms > 0 || norms.isNaN else { return }
        saliencies += 1
        cosineSum += dot(a, b) / norms
    }

    /// - Throws: `StoreError.quantization` where the teacher has lost more than a recipe allows
    public func check(_ settings: Settings) throws {
        guard divergence <= settings.highestDivergence else {
            throw StoreError.quantization(divergence: divergence, highest: settings.highestDivergence)
        }
    }

    /// What an int8 teacher is held to.
    public struct Settings: Recipe, Equatable {
        @Setting(
            "Samples of the first shard on which a teacher in int8 is compared with itself in bf16.",
            in: 1...100_000, changesResult: false)
        public var samples = 32
        @Setting(
            "Mean KL(bf16 ‖ int8) above which the stage stops before it computes anything.", unit: "nats",
            in: Bounds.above(0), changesResult: false)
        public var highestDivergence = 0.02

        public init() {}
    }
}

extension QuantizationError: CustomStringConvertible {
    public var description: String {
        String(
            format:
                "int8 against bf16 over %ld positions of %ld samples: KL %.2g nats in the mean and %.2g at "
                + "worst, the most probable id the same in %.2f %%%@",
            positions, samples, divergence, worstDivergence, 100 * agreement,
            cosine.map { String(format: ", cosine of alpha %.5f", $0) } ?? "")
    }
}

extension TeacherOutputs {
    /// Holds a teacher in int8 to itself in bf16, before anything is computed with it.
    ///
    /// - Parameters:
    ///   - folder: of the teacher's checkpoint
    ///   - settings: which layer gives alpha, and the ids that count
    ///   - report: told what was found, before it is judged
    /// - Returns: nil in another precision
    /// - Throws: `StoreError.quantization` where it has lost more than the limits allow
    public func quantizationError(
        folder: URL, over dataset: ShardDataset, settings: TeacherOutputSettings,
        limits: QuantizationError.Settings, report: (QuantizationError) -> Void
    ) throws -> QuantizationError? {
        guard teacher.precision == .int8 else { return nil }
        let reference = TeacherOutputs(try LlavaModel(folder: folder, precision: .bf16))
        let found = try error(from: reference, over: dataset, settings: settings, count: limits.samples)
        report(found)
        try found.check(limits)
        return found
    }

    /// Compares with the same teacher in another precision.
    ///
    /// - Parameters:
    ///   - reference: the teacher as it should be
    ///   - settings: which layer gives alpha, and the ids that count
    ///   - count: samples of the first shard, evenly spread
    public func error(
        from reference: TeacherOutputs, over dataset: ShardDataset, settings: TeacherOutputSettings,
        count: Int
    ) throws -> QuantizationError {
        let shard = try dataset.shard(0)
        let wanted = min(count, shard.count)
        let chosen = (0..<wanted).map { $0 * shard.count / wanted }
        var result = QuantizationError()
        for range in rangesOfRows(chosen.map { shard.sample($0).inputIDs.count }, limit: Self.partRows) {
            let samples = Array(chosen[range])
            let batch = try AlignmentBatch(dataset, numbers: samples)
            try batch.validate(for: teacher)
            var known: Set<VisualGroup> = []
            let part = PassPart(batch, shard: shard, samples: samples, known: &known)
            let (mine, right) = (try pass(batch, settings), try reference.pass(batch, settings))
            for (a, b) in zip(right.saliency, mine.saliency) { result.add(saliency: a, b) }
            result.add(
                divergences(
                    of: mine.hidden, head: teacher.language.head, from: right.hidden,
                    head: reference.teacher.language.head, rows: part.rows, common: settings.commonVocabulary)
            )
        }
        return result
    }
}

/// KL of two rows of logits, the second from the first, and whether the most probable id is the same.
private func divergences(
    of hidden: Tensor, head: Value, from reference: Tensor, head referenceHead: Value, rows: [Int32],
    common: Int
) -> [(divergence: Double, agrees: Bool)] {
    let chunks = HeadChunks().ranges(rows.count, vocabulary: head.rows)
    let (s, t) = (
        Tensor(uninitialized: [max(1, chunks.first?.count ?? 0), head.rows]),
        Tensor(uninitialized: [max(1, chunks.first?.count ?? 0), head.rows])
    )
    var project = Projection(head, chunks: chunks.count)
    var projectReference = Projection(referenceHead, chunks: chunks.count)
    return chunks.flatMap { chunk in
        let indices = Array(rows[chunk])
        project(hidden.gatheringRows(indices), into: s.rows(0..<chunk.count))
        projectReference(reference.gatheringRows(indices), into: t.rows(0..<chunk.count))
        return parallelMap(chunk.count, grain: 2) { row in
            let (a, b) = (t.pointer + row * t.width, s.pointer + row * s.width)
            return (
                ck_kl(a, ck_log_sum_exp(a, common), b, ck_log_sum_exp(b, common), common),
                ck_argmax(a, common) == ck_argmax(b, common)
            )
        }
    }
}
