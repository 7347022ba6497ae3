import Distillation
import Models

/// Alpha of Eq. 3 in every layer of a model, in one forward pass without gradient.
///
/// - Returns: `[samples][layers][visual tokens]`; the innermost is empty for a sample without an image
/// - Throws: `DistillationError` where the batch does not fit the model, `ModelsError` without vision
public func saliencyOfEveryLayer(_ model: LlavaModel, _ batch: AlignmentBatch) throws -> [[[Float]]] {
    try batch.validate(for: model)
    let layers = model.language.configuration.layers
    let output = model.language.forward(
        try batch.embeddings(model), positions: batch.positions, layout: batch.layout,
        observing: Set(0..<layers), keepsTape: false)
    let alphas = (0..<layers).map {
        visualSaliency(output, layer: $0, batch: batch, headSize: model.language.headSize)
    }
    return batch.samples.indices.map { sample in alphas.map { $0[sample] } }
}
