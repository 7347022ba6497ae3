import Tensors

extension LlavaModel {
    /// A model of random weights, without any file: for measurements and tests.
    ///
    /// - Parameters:
    ///   - settings: `language.vocabulary` must be set; there is no tokenizer to ask
    ///   - trainable: weights that require a gradient
    ///   - precision: of matrix products
    /// - Throws: `ModelsError` for a shape that makes no sense
    public convenience init(
        random settings: AssemblySettings, trainable: TrainedWeights, precision: Precision = .fp32
    ) throws {
        guard let vocabulary = settings.language.vocabulary else {
            throw ModelsError.cannotAssemble(
                problem: "a random model without a tokenizer needs language.vocabulary")
        }
        let tower = try settings.vision.configuration()
        let configuration = LlavaConfiguration(
            text: try settings.language.configuration(vocabulary: vocabulary, endOfSequenceIDs: []),
            vision: tower,
            imageTokenID: LlavaConfiguration.imageTokenIndex, featureLayer: settings.featureLayer ?? -2,
            featureSelection: settings.featureSelection ?? (tower.hasClassToken ? .patches : .full))
        try self.init(
            configuration,
            WeightScope(RandomWeights(seed: settings.seed), trainable: trainable, precision: precision),
            imageProcessor: nil)
    }
}
