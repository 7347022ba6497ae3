import Files
import Images
import Settings

/// How pictures are prepared. What is not said is as the model in the tokenizer's folder has it, and without
/// one as SigLIP so400m/14 at 384 has it, padded as in fine-tuning.
public struct ImageSettings: Recipe, Equatable {
    @Setting(
        "Family of the tower; it decides mean and std unless they are given.",
        null: "the family of the model in the tokenizer's folder, siglip where there is none")
    public var processor: ImageProcessor.Kind?
    @Setting(
        "Side of the prepared picture.", unit: "pixels", in: 1...8192,
        null: "that of the model in the tokenizer's folder, or 384")
    public var size: Int?
    @Setting(
        "Side of a patch; it only counts the tokens.", unit: "pixels", in: 1...8192,
        null: "that of the model in the tokenizer's folder, or 14")
    public var patch: Int?
    @Setting(
        "What becomes of other shapes: square resizes, pad centres on the mean colour first, clip resizes "
            + "the shorter side and cuts out the centre.",
        null: "as for the model in the tokenizer's folder, or pad")
    public var aspect: ImageProcessor.Aspect?
    @Setting(
        "What clip resizes the shorter side to: 256 before a cut of 224, say.", unit: "pixels", in: 1...8192,
        null: "as for the model in the tokenizer's folder, or size")
    public var shortestEdge: Int?
    @Setting(
        "Tokens of a picture.", in: 1...1_048_576,
        null: "those of the model in the tokenizer's folder where size and patch are its own, or "
            + "(size / patch)^2")
    public var tokens: Int?
    @Setting("Mean of red, green and blue on the scale 0 to 1.", null: "the processor's own")
    public var mean: [Double]?
    @Setting("Standard deviation of red, green and blue.", null: "the processor's own")
    public var std: [Double]?
    @Setting(
        "Red, green and blue from 0 to 255 that pictures with clear parts are laid on; 255, 255, 255 is the "
            + "white of transformers 5. A model is then asked with the same.", in: 0...255,
        null: "alpha is dropped: what is clear shows the colour stored under it, as in LLaVA")
    public var background: [Int]?

    public init() {}

    /// Whether there is anything that a model would fill in which decides how pictures are prepared.
    public var isOpen: Bool { processor == nil || size == nil || patch == nil || aspect == nil }

    /// How a model has its pictures prepared, and what becomes of one.
    public struct Model {
        let processor: ImageProcessor
        let patch, tokens: Int

        /// - Parameters:
        ///   - patch: side of a patch, in pixels
        ///   - tokens: visual tokens of a picture
        public init(_ processor: ImageProcessor, patch: Int, tokens: Int) {
            (self.processor, self.patch, self.tokens) = (processor, patch, tokens)
        }
    }

    /// The same with all said: what the settings leave open is a model's, or the default.
    ///
    /// - Parameter model: nil where there is none
    public func filled(from model: Model?) -> ImageSettings {
        var all = self
        all.processor = processor ?? model?.processor.kind ?? Self.usual.processor
        all.size = size ?? model?.processor.size ?? Self.usual.size
        all.patch = patch ?? model?.patch ?? Self.usual.patch
        all.aspect = aspect ?? model?.processor.aspect ?? .pad
        guard let model else { return all }
        if all.processor == model.processor.kind {
            (all.mean, all.std) = (mean ?? model.processor.mean, std ?? model.processor.standardDeviation)
        }
        guard all.size == model.processor.size else { return all }
        if all.aspect == .clip { all.shortestEdge = shortestEdge ?? model.processor.shortestEdge }
        if all.patch == model.patch { all.tokens = tokens ?? model.tokens }
        return all
    }

    /// Copies of the placeholder that a picture becomes.
    public var visualTokens: Int {
        let patches = (size ?? Self.usual.size) / (patch ?? Self.usual.patch)
        return tokens ?? patches * patches
    }

    /// Whether the settings themselves say how many.
    var saysTokens: Bool { tokens != nil || size != nil && patch != nil }

    private static let usual = (processor: ImageProcessor.Kind.siglip, size: 384, patch: 14)

    public func validate() throws {
        if let size, let patch { try SettingProblem.require(patch, "patch", in: 1...size) }
        if shortestEdge != nil, let aspect, aspect != .clip {
            throw SettingProblem("shortest_edge", "is for aspect: clip, which is \(aspect.rawValue)")
        }
        try SettingProblem.requireColour(background, "background")
        do { _ = try imageProcessor() } catch let FilesError.badField(_, field, found, expected) {
            throw SettingProblem(
                field.replacing("image_", with: ""), "is \(found), expected \(expected)")
        }
    }

    func imageProcessor() throws -> ImageProcessor {
        // A size that is still to come is no larger than the side that it is cut out of.
        try ImageProcessor(
            kind: processor ?? Self.usual.processor, size: size ?? shortestEdge ?? Self.usual.size,
            mean: mean,
            standardDeviation: std, aspect: aspect ?? .pad, shortestEdge: shortestEdge)
    }
}
