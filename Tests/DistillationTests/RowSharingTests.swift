import AlignmentSupport
import Autograd
import Distillation
import Foundation
import Models
import Records
import Tensors
import TestSupport
import Testing

/// Rows in common are computed once; losses, gradients and alphas are those of computing them for each
/// sample.
@Suite struct RowSharingTests {
    /// The fixture's samples with an image, each twice and the second time with another question, and the
    /// text sample; apart, every sample has an image of its own.
    private func batches(_ fixture: ModelFixture) throws -> (shared: AlignmentBatch, apart: AlignmentBatch) {
        let withImage = fixture.batch.samples.filter { $0.image != nil }
        let text = fixture.batch.samples.filter { $0.image == nil }
        let pairs = withImage.flatMap { sample in [sample, reworded(sample)] } + text
        guard case .planes(let planes) = fixture.batch.images else {
            Issue.record("the fixture's images are planes")
            return (fixture.batch, fixture.batch)
        }
        // The same picture twice over: nothing is found in common.
        let size = planes.count / planes.shape[0]
        let images = pairs.compactMap(\.image)
        let doubled = Tensor(uninitialized: [images.count] + planes.shape.dropFirst())
        for (row, image) in images.enumerated() {
            (doubled.pointer + row * size).update(from: planes.pointer + image * size, count: size)
        }
        var next = 0
        let apart = pairs.map { sample -> AlignmentSample in
            guard sample.image != nil else { return sample }
            defer { next += 1 }
            return AlignmentSample(
                id: sample.id, inputIDs: sample.inputIDs, labels: sample.labels,
                instruction: sample.instruction, visual: sample.visual, image: next, key: sample.key)
        }
        return (
            AlignmentBatch(samples: pairs, images: fixture.batch.images),
            AlignmentBatch(samples: apart, images: .planes(doubled))
        )
    }

    /// The sample with another token behind its image.
    private func reworded(_ sample: AlignmentSample) -> AlignmentSample {
        var ids = sample.inputIDs
        if let visual = sample.visual { ids[visual.upperBound] = (ids[visual.upperBound] + 1) % 50 }
        return AlignmentSample(
            id: sample.id + " again", inputIDs: ids, labels: sample.labels, instruction: sample.instruction,
            visual: sample.visual, image: sample.image, key: sample.key &+ 1000)
    }

    @Test(arguments: Fixtures.cases("models", with: "batch.safetensors"), [false, true])
    func lossesAndEveryGradientAreThoseOfSeparateSamples(folder: URL, recompute: Bool) throws {
        let fixture = try ModelFixture(folder)
        let (shared, apart) = try batches(fixture)
        #expect(apart.sharing == nil)
        #expect(shared.computedRows < shared.rows && apart.computedRows == shared.rows)
        func run(_ batch: AlignmentBatch) throws -> (LossTerms, [(name: String, values: [Float])]) {
            let student = try fixture.student(trainable: [.vision, .projector, .language])
            var objective = fixture.objective(ModelFixture.all)
            objective.recompute = recompute
            let result = try AlignmentLoss(
                student: student, teacher: fixture.teacher(), objective: objective)(
                    batch,
                    totals: StepTotals(
                        supervisedTokens: batch.supervisedTokens, samples: batch.samples.count),
                    candidates: .drawn(seed: 5, step: 1))
            result.loss.backward()
            return (
                result.terms,
                student.parameters().map { ($0.name, $0.value.gradient?.values ?? []) }
            )
        }
        let (terms, gradients) = try run(shared)
        let (expected, others) = try run(apart)
        for (one, other) in [
            (terms.sft, expected.sft), (terms.kd, expected.kd), (terms.iva, expected.iva),
            (terms.tpa, expected.tpa),
        ] { #expect(abs(one - other) < 1e-5 * abs(other)) }
        for (one, other) in zip(gradients, others) {
            let (apart, largest) = difference(one.values, other.values)
            // What the softmax does not see, a bias of all keys, has a gradient of rounding alone.
            #expect(apart <= 1e-4 * largest + 1e-7, "\(one.name)")
        }
    }

    @Test(arguments: Fixtures.cases("models", with: "batch.safetensors"))
    func alphasOfEveryLayerAreThoseOfSeparateSamples(folder: URL) throws {
        let fixture = try ModelFixture(folder)
        let (shared, apart) = try batches(fixture)
        let teacher = try fixture.teacher()
        let found = try saliencyOfEveryLayer(teacher, shared)
        let expected = try saliencyOfEveryLayer(teacher, apart)
        #expect(found.count == expected.count)
        for (one, other) in zip(found.joined(), expected.joined()) {
            #expect(difference(one, other).difference < 1e-5)
        }
    }
}
