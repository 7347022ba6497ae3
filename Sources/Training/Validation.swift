import Distillation
import Files
import Foundation
import Models
import Ranks
import Records
import Shards

/// Look at how a student does on samples that it is not trained on: always the same ones, with the same
/// random numbers for candidates. Nothing of the training depends on it.
final class Validation {
    private let loss: AlignmentLoss
    private let dataset: ShardDataset
    /// Weights of the training's terms.
    private let weights: LossTerms
    private let ranks: Ranks
    private let seed: UInt64
    private let parts: [[Int]]
    /// What is looked at, and by whom: looks at something else are not compared with these.
    let identity: String

    /// - Parameters:
    ///   - student: in training; its weights are shared
    ///   - teacher: nil: only SFT is measured
    ///   - objective: of the training
    init(
        student: LlavaModel, teacher: LlavaModel?, dataset: ShardDataset, objective: AlignmentObjective,
        settings: TrainingSettings, ranks: Ranks
    ) throws {
        var measured = objective
        (weights, seed, self.ranks, self.dataset) = (objective.weights, settings.seed, ranks, dataset)
        measured.weights = LossTerms(sft: 1)
        measured.onPolicy.fraction = 0  // the responses are the data's
        if teacher != nil {
            measured.weights.kd = 1
            if objective.weights.iva != 0 { measured.weights.iva = 1 }
            if objective.weights.tpa != 0 { measured.weights.tpa = 1 }
        }
        // Without gradients nothing is kept of a pass.
        let plan = TeacherPlan(measured)
        try plan.check(student: student, teacher: teacher)
        loss = AlignmentLoss(student: try student.replica(trainable: []), teacher: teacher, plan: plan)
        let share = Double(settings.validation.samples) / Double(max(1, dataset.count))
        let kept = SampleStream.subset(of: dataset.count, fraction: min(1, share))
        let numbers = kept.indices.filter { kept[$0] }
        identity = Digest.sha256("\(dataset.digest)\n\(numbers.count) \(teacher != nil)")
        let rows = try numbers.map { try dataset.rows(ofSample: $0) }
        parts = balancedParts(rows, limit: settings.microBatchRows, multipleOf: settings.lanes).map { part in
            part.map { numbers[$0] }
        }
    }

    /// Sums of one part.
    private struct Part: Codable {
        /// Sums over tokens, or samples for IVA.
        var terms = LossTerms()
        /// By number of the source.
        var sources: [TermSums], tokens: [TokenSums]
    }

    /// - Throws: `ShardsError` for a damaged shard, `RanksError`
    func callAsFunction() throws -> ValidationMetrics {
        let start = ContinuousClock.now
        let own = ranks.part(of: parts.count)
        let batches = try own.map { try AlignmentBatch(dataset, numbers: parts[$0]) }
        for batch in batches { try batch.validate(for: loss.student) }
        let counts = try ranks.gather(batches.map { [$0.supervisedTokens, $0.samples.count] }).joined()
        let totals = StepTotals(
            supervisedTokens: counts.reduce(0) { $0 + $1[0] }, samples: counts.reduce(0) { $0 + $1[1] })
        let found = try ranks.gather(zip(own, batches).map { try measure($1, of: parts[$0], totals) })
            .joined()
        var metrics = ValidationMetrics()
        (metrics.samples, metrics.tokens) = (totals.samples, totals.supervisedTokens)
        metrics.terms = found.reduce(LossTerms()) { $0 + $1.terms }
        metrics.loss = metrics.terms.weighted(by: weights)
        let sums = found.reduce(dataset.sources.map { _ in TokenSums() }) { zip($0, $1.tokens).map(+) }
        let all = sums.reduce(TokenSums(), +)
        (metrics.accuracy, metrics.entropy) = (all.accuracy, all.meanEntropy)
        (metrics.agreement, metrics.teacher) = (all.agreement, all.teacher)
        let names = dataset.sources.map(\.name)
        let tokens = Dictionary(zip(names, sums), uniquingKeysWith: +)
        metrics.sources = names.bySource(found.map(\.sources)).map { terms in
            Dictionary(
                uniqueKeysWithValues: terms.compactMap { name, terms in
                    tokens[name].map { (name, $0.source(terms)) }
                })
        }
        metrics.seconds = (ContinuousClock.now - start) / .seconds(1)
        return metrics
    }

    private func measure(_ batch: AlignmentBatch, of numbers: [Int], _ totals: StepTotals) throws -> Part {
        // No training step has this number.
        let result = try loss(
            batch, totals: totals, candidates: .drawn(seed: seed, step: .max), observes: true)
        let groups = numbers.map { dataset.source(ofSample: $0) }
        var tokens = dataset.sources.map { _ in TokenSums() }
        for (row, value) in zip(result.trunk.rows, result.trunk.values) {
            guard let observed = value.observation else { continue }
            tokens[groups[batch.sample(ofRow: Int(row.row))]].add(observed)
        }
        return Part(
            terms: result.terms,
            sources: dataset.sources.count > 1 ? result.sums(of: batch, groups: groups) : [], tokens: tokens)
    }
}
