import Distillation
import Models
import Shards
import Tensors

extension BenchShapes {
    /// The batch of these shapes: features drawn from a normal distribution, ids from Zipf's.
    ///
    /// - Parameters:
    ///   - samples: nil for as many as the shapes say
    ///   - perImage: samples about one image
    public func makeBatch(samples: Int? = nil, perImage: Int = 1) -> AlignmentBatch {
        let ids = ZipfIDs(vocabulary: student.vocabulary)
        let count = samples ?? batch
        let texts = (0..<count).map { sample in
            var random = CounterRandom(1, UInt64(sample))
            return (0..<instruction + response).map { _ in ids.draw(&random) }
        }
        let unlabelled = [Int32](repeating: ShardFormat.ignoreIndex, count: firstResponse)
        return AlignmentBatch(
            samples: texts.enumerated().map { index, text in
                AlignmentSample(
                    id: "sample \(index)",
                    inputIDs: [Int32](repeating: ShardFormat.imageTokenIndex, count: visual) + text,
                    labels: unlabelled + text[instruction...],
                    instruction: (visual..<firstResponse).map { Int32($0) }, visual: 0..<visual,
                    image: index / perImage,
                    key: UInt64(index))
            }, images: .features(makeFeatures(images: (count + perImage - 1) / perImage)))
    }

    /// `[images * visual tokens, vision width]`
    private func makeFeatures(images: Int) -> Tensor {
        let features = Tensor(uninitialized: [images * visual, visionWidth])
        let width = visionWidth
        parallel(features.rows, grain: 16) { rows in
            for row in rows {
                var random = CounterRandom(2, UInt64(row))
                for column in 0..<width { features[row, column] = Float(random.normal()) }
            }
        }
        return features
    }
}

extension BenchShapes.Language {
    /// A model of this shape with random weights; its tower is a stub of the right grid, never run.
    ///
    /// - Parameter trainable: weights that require a gradient
    public func makeModel(
        for shapes: BenchShapes, seed: UInt64, trainable: TrainedWeights, precision: Precision = .fp32
    ) throws
        -> LlavaModel
    {
        var settings = AssemblySettings()
        settings.seed = seed
        settings.language.hidden = hidden
        settings.language.layers = distinctLayers == 0 ? layers : distinctLayers
        settings.language.heads = heads
        settings.language.keyHeads = keyHeads
        settings.language.intermediate = intermediate
        settings.language.tiedEmbeddings = tied
        settings.language.vocabulary = vocabulary
        settings.vision.imageSize = shapes.gridSide
        settings.vision.patchSize = 1
        settings.vision.hidden = shapes.visionWidth
        settings.vision.heads = 1
        settings.vision.intermediate = 1
        settings.vision.orthonormalPatches = false
        let model = try LlavaModel(random: settings, trainable: trainable, precision: precision)
        return distinctLayers == 0 ? model : try model.repeatingLayers(to: layers)
    }
}
