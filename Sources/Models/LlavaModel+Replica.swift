import Tensors

extension LlavaModel {
    /// The same model once more: it shares the memory of the weights but has gradients of its own, so that another thread can run it.
    ///
    /// - Parameter trainable: parts whose weights require a gradient
    public func replica(trainable: Set<ModelPart>) throws -> LlavaModel {
        try LlavaModel(
            configuration, WeightScope(SharedWeights(parameters()), trainable: trainable),
            imageProcessor: imageProcessor, folder: folder)
    }
}

/// The tensors of a model that is there already.
private final class SharedWeights: WeightSource {
    private let tensors: [String: Tensor]

    init(_ parameters: [Parameter]) {
        tensors = Dictionary(
            parameters.map { ($0.name, $0.value.data.reshaped($0.shape)) },
            uniquingKeysWith: { first, _ in first })
    }

    func tensor(_ name: String, shape: [Int]) throws -> Tensor {
        guard let tensor = tensors[name] else { preconditionFailure("replica: the model has no '\(name)'") }
        return tensor
    }
}
