import Autograd
import Distillation
import Files
import Models
import Records
import Tensors

/// Named intermediates of a model on a batch, for comparing implementations number by number.
public struct ModelTrace {
    /// Part of a trace that can be asked for.
    public enum Part: String, CaseIterable, Sendable, Codable {
        /// `features`, `projected`: of the batch's images, `[images * tokens, width]`.
        case features
        /// `<sample>/logits` `[positions, vocabulary]`.
        case logits
        /// `<sample>/attention` `[layers, heads, positions, positions]`.
        case attention
        /// `<sample>/saliency` `[layers, visual tokens]`: alpha of Eq. 3.
        case saliency
        /// `loss/<term>` `[1]` and `<sample>/<term>` per position, of a student against a teacher.
        case losses
        /// `gradient/<term>/<parameter>`.
        case gradients
    }

    /// The model that is looked at.
    public let model: LlavaModel
    /// The teacher of losses and gradients; nil where no term needs one.
    public let teacher: LlavaModel?
    /// The objective of losses and gradients.
    public let objective: AlignmentObjective

    public init(model: LlavaModel, teacher: LlavaModel?, objective: AlignmentObjective) {
        (self.model, self.teacher, self.objective) = (model, teacher, objective)
    }

    /// Computes the parts and adds them to a file to be written.
    ///
    /// - Parameters:
    ///   - candidates: for TPA; drawn from the model where nil
    ///   - notice: told of tensors that are no numbers
    /// - Throws: `DistillationError` where a part needs a teacher that is not there
    public func run(
        _ parts: [Part], on batch: AlignmentBatch, candidates: CandidateSource,
        notice: (String) -> Void = { _ in }
    ) throws -> SafeTensorsWriter {
        try batch.validate(for: model)
        var writer = SafeTensorsWriter(metadata: ["format": "align-ti-trace"])
        func add(_ name: String, _ tensor: Tensor) {
            if !tensor.sumOfSquares.isFinite { notice("'\(name)' holds numbers that are not finite") }
            writer.add(name, tensor.values, shape: tensor.shape, as: .float32)
        }
        if parts.contains(.features) {
            guard let features = try batch.features(model) else { throw AnalysisError.noPicture }
            add("features", features.data)
            add("projected", try model.project(features).data)
        }
        if parts.contains(where: { [.logits, .attention, .saliency].contains($0) }) {
            try forward(parts, batch, add)
        }
        if parts.contains(.losses) { try losses(batch, candidates, add) }
        if parts.contains(.gradients) { try gradients(batch, candidates, add) }
        return writer
    }

    private func forward(_ parts: [Part], _ batch: AlignmentBatch, _ add: (String, Tensor) -> Void) throws {
        let layers = model.language.configuration.layers
        let output = model.language.forward(
            try batch.embeddings(model), positions: batch.positions, layout: batch.layout,
            observing: parts == [.logits] ? [] : Set(0..<layers), keepsTape: false)
        for (index, sample) in batch.samples.enumerated() {
            let rows = batch.rows(of: index)
            if parts.contains(.logits) {
                add("\(index)/logits", model.language.logits(output.hidden.data.rows(rows)))
            }
            guard parts.contains(.attention) else { continue }
            let maps = (0..<layers).compactMap { output.observed[$0] }.map {
                attentionProbabilities(q: $0.q, k: $0.k, headSize: model.language.headSize, rows: rows).values
            }
            let heads = model.language.configuration.heads
            add(
                "\(index)/attention",
                Tensor(
                    maps.flatMap { $0 }, shape: [layers, heads, sample.inputIDs.count, sample.inputIDs.count])
            )
        }
        guard parts.contains(.saliency) else { return }
        let alphas = saliencyOfEveryLayer(output, model, batch)
        for (index, sample) in batch.samples.enumerated() where sample.visual != nil {
            add(
                "\(index)/saliency",
                Tensor(alphas[index].flatMap { $0 }, shape: [layers, sample.visual?.count ?? 0]))
        }
    }

    private func loss(_ weights: LossTerms, _ batch: AlignmentBatch, _ candidates: CandidateSource) throws
        -> AlignmentResult
    {
        var objective = objective
        objective.weights = weights
        return try AlignmentLoss(
            student: model, teacher: weights.needsTeacher ? teacher : nil, objective: objective)(
                batch, totals: totals(batch), candidates: candidates)
    }

    private func totals(_ batch: AlignmentBatch) -> StepTotals {
        StepTotals(supervisedTokens: batch.supervisedTokens, samples: batch.samples.count)
    }

    private func losses(
        _ batch: AlignmentBatch, _ candidates: CandidateSource, _ add: (String, Tensor) -> Void
    ) throws {
        let result = try loss(objective.weights, batch, candidates)
        let terms = [
            ("sft", result.terms.sft), ("iva", result.terms.iva), ("kd", result.terms.kd),
            ("tpa", result.terms.tpa),
        ]
        for (name, value) in terms { add("loss/\(name)", Tensor([Float(value)], shape: [1])) }
        var used = batch.samples.map { $0.inputIDs.map { _ in [Int32]() } }
        for (row, ids) in zip(result.trunk.rows, result.trunk.candidates) where !ids.isEmpty {
            let sample = batch.sample(ofRow: Int(row.row))
            used[sample][Int(row.row) - batch.starts[sample] + 1] = ids
        }
        let tokens = TokenLosses(result, batch: batch, totals: totals(batch), candidates: used)
        for index in batch.samples.indices {
            for (name, values) in [
                ("sft", tokens.sft[index]), ("iva", tokens.iva[index]), ("kd", tokens.kd[index]),
            ] {
                add("\(index)/\(name)", Tensor(values.map { Float($0) }, shape: [values.count]))
            }
            let means = tokens.tpa[index].map { $0.isEmpty ? 0 : Float($0.reduce(0, +) / Double($0.count)) }
            add("\(index)/tpa", Tensor(means, shape: [means.count]))
        }
    }

    private func gradients(
        _ batch: AlignmentBatch, _ candidates: CandidateSource, _ add: (String, Tensor) -> Void
    ) throws {
        let w = objective.weights
        let terms = [
            ("sft", LossTerms(sft: w.sft)), ("iva", LossTerms(iva: w.iva)), ("kd", LossTerms(kd: w.kd)),
            ("tpa", LossTerms(tpa: w.tpa)),
        ]
        for (name, weights) in terms where weights != LossTerms() {
            try loss(weights, batch, candidates).loss.backward()
            for parameter in model.parameters() {
                guard let gradient = parameter.value.gradient else { continue }
                add("gradient/\(name)/\(parameter.name)", gradient.reshaped(parameter.shape))
                parameter.value.clearGradient()
            }
        }
    }
}
