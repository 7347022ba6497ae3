import Tensors

extension LlavaModel {
    /// The same model once more: it shares the memory of the weights but has gradients of its own, so that
    /// another thread can run it.
    ///
    /// - Parameter trainable: weights that require a gradient
    public func replica(trainable: TrainedWeights) throws -> LlavaModel {
        try LlavaModel(
            configuration, WeightScope(SharedWeights(parameters()), trainable: trainable),
            imageProcessor: imageProcessor, folder: folder)
    }

    /// A frozen model of more layers that share the memory of this model's: layer i has the weights of layer
    /// i modulo this model's count.
    ///
    /// It computes as much as a model of that many layers, and means nothing: for measurements where a deep
    /// model does not fit.
    public func repeatingLayers(to layers: Int) throws -> LlavaModel {
        precondition(
            layers >= configuration.text.layers, "repeatingLayers: \(layers) of \(configuration.text.layers)")
        var deeper = configuration
        deeper.text.layers = layers
        return try LlavaModel(
            deeper,
            WeightScope(SharedWeights(parameters(), layers: configuration.text.layers), trainable: []),
            imageProcessor: imageProcessor)
    }
}

/// The weights of a model that is there already.
private final class SharedWeights: WeightSource {
    private let parameters: [String: Parameter]
    /// Layers of the language model that are there, where a model asks for more.
    private let layers: Int?

    init(_ parameters: [Parameter], layers: Int? = nil) {
        self.parameters = Dictionary(
            parameters.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.layers = layers
    }

    func shared(_ name: String) -> Parameter? {
        guard let layers, let found = name.firstMatch(of: /^(model\.language_model\.layers\.)(\d+)(\..*)$/),
            let index = Int(found.2)
        else { return parameters[name] }
        return parameters["\(found.1)\(index % layers)\(found.3)"]
    }

    func tensor(_ name: String, shape: [Int]) throws -> Tensor {
        preconditionFailure("replica: the model has no '\(name)'")
    }
}
