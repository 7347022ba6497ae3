import Autograd
import Models
import Records
import Tensors

/// One sample as the losses see it (docs/objective.md, Roles and positions).
public struct AlignmentSample: Sendable {
    /// Name of the sample in its source.
    public let id: String
    /// Token ids; those at visual positions mean nothing.
    public let inputIDs: [Int32]
    /// The id itself at response tokens, -100 elsewhere; not shifted.
    public let labels: [Int32]
    /// Positions of the instruction: real text after the last visual token that is not response.
    public let instruction: [Int32]
    /// Positions of the visual tokens; nil without an image.
    public let visual: Range<Int>?
    /// Index of the sample's image among the batch's; nil without one.
    public let image: Int?
    /// Number of the sample in the key of its random numbers.
    public let key: UInt64
    /// 1 for each term the sample counts in, 0 for the others: a response of the student's own is no ground
    /// truth.
    public var terms = LossTerms(sft: 1, iva: 1, kd: 1, tpa: 1)

    public init(
        id: String, inputIDs: [Int32], labels: [Int32], instruction: [Int32], visual: Range<Int>?,
        image: Int?, key: UInt64
    ) {
        precondition(
            inputIDs.count == labels.count, "AlignmentSample: \(inputIDs.count) ids, \(labels.count) labels")
        (self.id, self.inputIDs, self.labels, self.instruction) = (id, inputIDs, labels, instruction)
        (self.visual, self.image, self.key) = (visual, image, key)
    }

    /// Positions of response tokens that something predicts (position 0 is never a target).
    public var responsePositions: [Int] { labels.indices.filter { $0 > 0 && labels[$0] >= 0 } }
}

/// The distinct images of a batch.
public enum BatchImages: @unchecked Sendable {
    case none
    /// `[images, size, size, 3]`, as the image processor makes them.
    case pixels([UInt8])
    /// Normalised, `[images, 3, size, size]`.
    case planes(Tensor)
    /// Features that a frozen tower made of them, `[images * visual tokens, features]`; student and teacher
    /// share it.
    case features(Tensor)

    /// Features that the model's tower makes of them, `[images * visual tokens, features]`.
    package func features(_ model: LlavaModel) throws -> Value {
        switch self {
        case .none: throw ModelsError.noVision
        case .pixels(let pixels): try model.visionFeatures(patches: model.patches(pixels: pixels))
        case .planes(let planes): try model.visionFeatures(patches: model.patches(planes: planes))
        case .features(let features): Value(features)
        }
    }
}

/// Samples of one forward pass: ragged rows, one sample after the other, no padding.
public struct AlignmentBatch: @unchecked Sendable {
    /// The samples, in the order of their rows.
    public let samples: [AlignmentSample]
    /// First row of each sample.
    public let starts: [Int]
    public let ids: [Int32]  // [rows]
    public let positions: [Int32]  // [rows]
    /// The rows that each row sees.
    public let layout: AttentionLayout
    /// The rows up to the end of an image that several samples have in common; nil where none do.
    public let sharing: RowSharing?
    /// The images that the samples count.
    public let images: BatchImages
    /// Response tokens of the batch: of the samples that count in SFT, and of those that count in KD and TPA.
    public let supervisedTokens, distilledTokens: Int

    public init(samples: [AlignmentSample], images: BatchImages) {
        self.samples = samples
        self.images = images
        var starts: [Int] = []
        var rows = 0
        for sample in samples {
            starts.append(rows)
            rows += sample.inputIDs.count
        }
        self.starts = starts
        ids = samples.flatMap(\.inputIDs)
        positions = samples.flatMap { $0.inputIDs.indices.map { Int32($0) } }
        layout = .causal(lengths: samples.map(\.inputIDs.count))
        sharing = Self.sharing(samples)
        func tokens(_ term: KeyPath<LossTerms, Double>) -> Int {
            samples.reduce(0) { $0 + ($1.terms[keyPath: term] != 0 ? $1.responsePositions.count : 0) }
        }
        (supervisedTokens, distilledTokens) = (tokens(\.sft), tokens(\.kd))
    }

    /// Samples of one image share what stands before it and the image itself, where that is the same text.
    private static func sharing(_ samples: [AlignmentSample]) -> RowSharing? {
        struct Beginning: Hashable {
            let image: Int
            let ids: ArraySlice<Int32>
            let rows: Int
        }
        var keys: [Beginning: Int] = [:]
        let prefixes = samples.map { sample -> RowSharing.Prefix? in
            guard let visual = sample.visual, let image = sample.image,
                visual.upperBound < sample.inputIDs.count
            else { return nil }
            let beginning = Beginning(
                image: image, ids: sample.inputIDs[..<visual.lowerBound], rows: visual.upperBound)
            let key = keys[beginning] ?? keys.count
            keys[beginning] = key
            return RowSharing.Prefix(key: key, rows: visual.upperBound)
        }
        guard keys.count < prefixes.count(where: { $0 != nil }) else { return nil }
        return RowSharing(lengths: samples.map(\.inputIDs.count), prefixes: prefixes)
    }

    /// Rows of all samples.
    public var rows: Int { ids.count }
    /// Rows that a forward pass computes.
    public var computedRows: Int { sharing?.computed.count ?? rows }

    /// The sample that a row belongs to.
    package func sample(ofRow row: Int) -> Int {
        starts.lastIndex { $0 <= row } ?? 0
    }

    package func rows(of sample: Int) -> Range<Int> {
        starts[sample]..<starts[sample] + samples[sample].inputIDs.count
    }

    /// Checks what would otherwise stop the program: token ids and labels against the vocabulary, visual
    /// tokens against the tower.
    ///
    /// - Throws: `DistillationError` naming the sample
    public func validate(for model: LlavaModel) throws {
        for sample in samples {
            if let visual = sample.visual, visual.count != model.visualTokensPerImage {
                throw DistillationError.visualTokens(
                    sample: sample.id, found: visual.count, expected: model.visualTokensPerImage)
            }
            for (position, id) in sample.inputIDs.enumerated() where sample.visual?.contains(position) != true
            {
                guard id >= 0, id < model.language.vocabularySize else {
                    throw DistillationError.tokenOutOfRange(
                        sample: sample.id, id: Int(id), vocabulary: model.language.vocabularySize)
                }
            }
            for label in sample.labels where label >= model.language.vocabularySize {
                throw DistillationError.tokenOutOfRange(
                    sample: sample.id, id: Int(label), vocabulary: model.language.vocabularySize)
            }
        }
    }

    /// Features of the images from this model's tower; nil where there are no images.
    package func features(_ model: LlavaModel) throws -> Value? {
        if case .none = images { return nil }
        return try images.features(model)
    }

    /// Input embeddings of all rows: text by table, visual tokens from the image through tower and projector.
    ///
    /// - Parameter features: of the tower for `images`, when they are at hand
    package func embeddings(_ model: LlavaModel, features: Value? = nil) throws -> Value {
        let placeholder = zip(samples, starts).flatMap { sample, start in
            (sample.visual ?? 0..<0).map { Int32(start + $0) }
        }
        var textIDs = ids
        for row in placeholder { textIDs[Int(row)] = 0 }
        let text = model.language.embed(textIDs)
        guard !placeholder.isEmpty else { return text }
        let perImage = model.visualTokensPerImage
        let tokens = try model.project(features ?? images.features(model))
        let rows = samples.flatMap { sample in
            sample.visual == nil ? [] : (0..<perImage).map { Int32((sample.image ?? 0) * perImage + $0) }
        }
        let inOrder = rows.elementsEqual(0..<Int32(tokens.rows))
        return replaceRows(text, at: placeholder, with: inOrder ? tokens : gatherRows(tokens, rows))
    }
}
