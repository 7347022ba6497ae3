import Autograd
import Models
import Tensors

/// Alpha of Eq. 3: how much the instruction attends to each visual token, mean over instruction rows and
/// heads.
///
/// - Parameter layer: an observed layer of the teacher's pass over the batch
/// - Returns: per sample one number a visual token; empty without an image, zeros without an instruction
public func visualSaliency(_ output: LanguageOutput, layer: Int, batch: AlignmentBatch, headSize: Int)
    -> [[Float]]
{
    guard let observed = output.observed[layer] else {
        preconditionFailure("visualSaliency: layer \(layer) was not observed")
    }
    return visualSaliency(q: observed.q, k: observed.k, batch: batch, headSize: headSize)
}

/// The same of a layer's queries and keys.
private func visualSaliency(q: Tensor, k: Tensor, batch: AlignmentBatch, headSize: Int) -> [[Float]] {
    let sequences = batch.samples.indices.map { index in
        let (sample, start) = (batch.samples[index], batch.starts[index])
        let visual = sample.visual ?? 0..<0
        return (
            rows: batch.rows(of: index), readers: sample.instruction.map { $0 + Int32(start) },
            targets: start + visual.lowerBound..<start + visual.upperBound
        )
    }
    return meanAttention(q: q, k: k, headSize: headSize, sequences: sequences)
}

/// Model that says how much a visual token weighs in IVA.
public enum SaliencySource: String, Sendable, Codable, CaseIterable {
    /// Alpha of Eq. 3 from the teacher's attention.
    case teacher
    /// The same from the student's own, as it is at that step; no gradient goes through it.
    case student
    /// 1 / N_v each: the mean over visual tokens, as LLaVA-KD aligns them (Cai et al. 2024).
    case uniform
}

/// Per sample 1 / N_v for each visual token; empty without an image.
func uniformSaliency(_ batch: AlignmentBatch) -> [[Float]] {
    batch.samples.map { sample in
        let count = sample.visual?.count ?? 0
        return [Float](repeating: 1 / Float(max(1, count)), count: count)
    }
}

/// Alpha of Eq. 3 in every layer of a pass that observed them all.
///
/// - Returns: `[samples][layers][visual tokens]`; the innermost is empty for a sample without an image
package func saliencyOfEveryLayer(_ output: LanguageOutput, _ model: LlavaModel, _ batch: AlignmentBatch)
    -> [[[Float]]]
{
    let alphas = (0..<model.language.configuration.layers).map {
        visualSaliency(output, layer: $0, batch: batch, headSize: model.language.headSize)
    }
    return batch.samples.indices.map { sample in alphas.map { $0[sample] } }
}

/// Alpha of Eq. 3 in every layer of a model, in one forward pass without gradient that keeps nothing else of
/// a layer.
///
/// - Returns: `[samples][layers][visual tokens]`; the innermost is empty for a sample without an image
/// - Throws: `DistillationError` where the batch does not fit the model, `ModelsError` without vision
public func saliencyOfEveryLayer(_ model: LlavaModel, _ batch: AlignmentBatch) throws -> [[[Float]]] {
    try batch.validate(for: model)
    var alphas: [[[Float]]] = []
    model.language.observe(
        try batch.embeddings(model), positions: batch.positions, layout: batch.layout,
        sharing: batch.sharing
    ) { q, k in
        alphas.append(visualSaliency(q: q, k: k, batch: batch, headSize: model.language.headSize))
    }
    return batch.samples.indices.map { sample in alphas.map { $0[sample] } }
}
