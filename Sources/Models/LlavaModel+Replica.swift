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

/// The weights of a model that is there already.
private final class SharedWeights: WeightSource {
    private let parameters: [String: Parameter]

    init(_ parameters: [Parameter]) {
        self.parameters = Dictionary(
            parameters.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    func shared(_ name: String) -> Parameter? { parameters[name] }

    func tensor(_ name: String, shape: [Int]) throws -> Tensor {
        preconditionFailure("replica: the model has no '\(name)'")
    }
}
