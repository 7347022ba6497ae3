import Autograd
import Files
import Foundation
import Models
import Tensors
import TestSupport
import Testing

/// Golden numbers of Hugging Face transformers; tolerances are those of the fixtures' README.
@Suite struct LlavaModelTests {
    @Test func ourOwnFixturesAreThree() throws {
        #expect(try Golden.all.filter { Fixtures.isOwn($0.folder) }.count == 3)
    }

    @Test func visionFeaturesAndProjectorAgree() throws {
        for golden in try Golden.all {
            let planes = try Golden.tensor(golden.batch, "pixel_values")
            for role in Golden.roles {
                let model = try golden.model(role)
                let features = try model.visionFeatures(patches: model.patches(planes: planes))
                let expected = try golden.forward.floats("\(role)/vision_features")
                #expect(features.data.count == expected.count)
                #expect(
                    largestDifference(features.data.values, expected) < 2e-4, "\(golden.folder.path) \(role)")
                let projected = try model.project(features)
                #expect(projected.data.count == (try golden.forward.entry("\(role)/projected").count))
                #expect(
                    largestDifference(projected.data.values, try golden.forward.floats("\(role)/projected"))
                        < 2e-4)
            }
        }
    }

    @Test func logitsAgreeAtEveryPosition() throws {
        for golden in try Golden.all {
            let rows = try golden.rows()
            for role in Golden.roles {
                let (model, output) = try Self.forward(golden, role, rows)
                let logits = model.language.logits(output.hidden.data)
                let expected = try Golden.tensor(golden.forward, "\(role)/logits")
                #expect(logits.width == expected.width)
                for (sample, start) in rows.starts.enumerated() {
                    let length = rows.lengths[sample]
                    let first = sample * expected.shape[1]
                    let difference = largestDifference(
                        logits.rows(start..<start + length).values,
                        expected.rows(first..<first + length).values)
                    #expect(difference < 2e-4, "\(golden.folder.path) \(role), sample \(sample)")
                }
            }
        }
    }

    @Test func instructionAttentionAgreesInEveryLayer() throws {
        for golden in try Golden.all {
            let rows = try golden.rows()
            for role in Golden.roles {
                let (model, output) = try Self.forward(golden, role, rows)
                let expected = try Golden.tensor(golden.forward, "\(role)/alpha")  // [samples, layers, width]
                let sequences = rows.samples.enumerated().map { index, sample in
                    let start = rows.starts[index]
                    let targets =
                        start + (sample.visual.first ?? 0)..<start + (sample.visual.last.map { $0 + 1 } ?? 0)
                    return (
                        start..<start + sample.ids.count, sample.instruction.map { Int32(start + $0) },
                        targets
                    )
                }
                for layer in 0..<model.configuration.text.layers {
                    let (q, k) = try #require(output.observed[layer])
                    let alphas = meanAttention(
                        q: q, k: k, headSize: model.language.headSize, sequences: sequences)
                    for (index, alpha) in alphas.enumerated() {
                        let row = expected.rows(
                            index * expected.shape[1] + layer..<index * expected.shape[1] + layer + 1
                        ).values
                        let wanted = rows.samples[index].visual.map { row[$0] }
                        #expect(alpha.count == wanted.count)
                        #expect(
                            largestDifference(alpha, wanted) < 1e-5,
                            "\(golden.folder.path) \(role), sample \(index), layer \(layer)")
                    }
                }
            }
        }
    }

    @Test func recomputationLeavesGradientsEqual() throws {
        for golden in try Golden.all {
            let rows = try golden.rows()
            func gradients(_ recompute: Bool) throws -> [(String, [Float])] {
                let parts: TrainedWeights = [.vision, .projector, .language]
                let (model, output) = try Self.forward(
                    golden, "student", rows, trainable: parts, recompute: recompute)
                let logits = linear(output.hidden, weight: model.language.head)
                logits.backward(Tensor(logits.data.values.map { sin($0 * 3) }, shape: logits.shape))
                return model.parameters().map { ($0.name, $0.value.gradient?.values ?? []) }
            }
            for (kept, again) in zip(try gradients(false), try gradients(true)) {
                #expect(!kept.1.isEmpty, "\(kept.0) has no gradient")
                #expect(kept.1 == again.1, "\(kept.0)")
            }
        }
    }

    @Test func frozenPartsHaveNoGradientAndKeepNoTape() throws {
        let golden = try #require(try Golden.all.first)
        let (model, output) = try Self.forward(golden, "student", golden.rows(), trainable: [.projector])
        #expect(output.hidden.requiresGradient)
        output.hidden.backward()
        #expect(model.parameters(of: [.projector]).allSatisfy { $0.value.gradient != nil })
        #expect(model.parameters(of: [.language, .vision]).allSatisfy { $0.value.gradient == nil })
        let frozen = try Self.forward(golden, "student", golden.rows())
        #expect(!frozen.1.hidden.requiresGradient)
    }

    @Test func pixelsAndPlanesGiveTheSamePatches() throws {
        let model = try #require(try Golden.all.first).model("student")
        let processor = try #require(model.imageProcessor)
        let size = processor.size
        let pixels = (0..<2 * size * size * 3).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
        var planes = [Float](repeating: 0, count: pixels.count)
        for image in 0..<2 {
            for pixel in 0..<size * size {
                for c in 0..<3 {
                    let value = Double(pixels[(image * size * size + pixel) * 3 + c]) / 255
                    planes[(image * 3 + c) * size * size + pixel] = Float(
                        (value - processor.mean[c]) / processor.standardDeviation[c])
                }
            }
        }
        let (a, b) = (
            try model.patches(pixels: pixels),
            try model.patches(planes: Tensor(planes, shape: [2, 3, size, size]))
        )
        #expect(a.shape == b.shape)
        #expect(largestDifference(a.values, b.values) < 1e-6)
    }

    @Test func placeholdersMustMatchTheVisualTokens() throws {
        let model = try #require(try Golden.all.first).model("student")
        let token = model.configuration.imageTokenID
        let visual = Value(Tensor(zeros: [2, model.configuration.text.hidden]))
        #expect(
            try model.embed(ids: [5, -200, token], visual: visual).shape == [
                3, model.configuration.text.hidden,
            ])
        #expect(throws: ModelsError.placeholders(found: 1, expected: 2)) {
            try model.embed(ids: [5, token], visual: visual)
        }
        #expect(throws: ModelsError.placeholders(found: 1, expected: 0)) { try model.embed(ids: [5, token]) }
        #expect(
            throws: ModelsError.idOutOfRange(id: 9999, position: 1, vocabulary: model.language.vocabularySize)
        ) {
            try model.embed(ids: [5, 9999])
        }
    }

    static func forward(
        _ golden: Golden, _ role: String, _ rows: Rows, trainable: TrainedWeights = [],
        recompute: Bool = false
    ) throws -> (LlavaModel, LanguageOutput) {
        let model = try golden.model(role, trainable: trainable)
        let visual = try model.visualTokens(planes: Golden.tensor(golden.batch, "pixel_values"))
        let output = model.language.forward(
            try model.embed(ids: rows.ids, visual: visual), positions: rows.positions,
            layout: .causal(lengths: rows.lengths),
            observing: Set(0..<model.configuration.text.layers), recompute: recompute)
        return (model, output)
    }
}
