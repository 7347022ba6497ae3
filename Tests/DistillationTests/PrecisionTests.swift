import AlignmentSupport
import Distillation
import Foundation
import Models
import Tensors
import TestSupport
import Testing

/// bf16 matrix products on the golden models. Without bf16 instructions bf16 is fp32 and these hold
/// trivially.
@Suite struct PrecisionTests {
    private func result(_ fixture: ModelFixture, student: Precision, teacher: Precision) throws -> (
        AlignmentResult, LlavaModel
    ) {
        let model = try fixture.student(precision: student)
        let loss = AlignmentLoss(
            student: model, teacher: try fixture.teacher(precision: teacher),
            objective: fixture.objective(ModelFixture.all))
        return (
            try loss(fixture.batch, totals: fixture.totals, candidates: .given(fixture.candidates)), model
        )
    }

    @Test(arguments: Fixtures.cases("models", with: "losses.safetensors"))
    func lossesInBF16AreWithinOnePercent(folder: URL) throws {
        let fixture = try ModelFixture(folder)
        let golden = try fixture.golden("losses")
        let (found, student) = try result(fixture, student: .bf16, teacher: .bf16)
        for (name, value) in [
            ("sft", found.terms.sft), ("kd", found.terms.kd), ("iva", found.terms.iva),
            ("tpa", found.terms.tpa),
        ] {
            let expected = Double(try golden.floats("loss/\(name)")[0])
            #expect(abs(value - expected) <= 1e-2 * abs(expected), "\(name): \(value), expected \(expected)")
        }
        found.loss.backward()
        let (exact, reference) = try result(fixture, student: .fp32, teacher: .fp32)
        exact.loss.backward()
        // Directions of the gradients agree: the cosine over all trained weights.
        var (dot, a, b) = (0.0, 0.0, 0.0)
        for (x, y) in zip(student.parameters(), reference.parameters()) {
            guard let x = x.value.gradient?.values, let y = y.value.gradient?.values else { continue }
            for (x, y) in zip(x, y) {
                dot += Double(x) * Double(y)
                a += Double(x) * Double(x)
                b += Double(y) * Double(y)
            }
        }
        #expect(dot / (a * b).squareRoot() > 0.999 && abs((a / b).squareRoot() - 1) < 0.01)
    }

    @Test(arguments: Fixtures.cases("models")) func frozenWeightsAreWrittenAsTheyWereRead(folder: URL) throws
    {
        let model = try ModelFixture(folder).student(trainable: [.language], precision: .bf16)
        try withTemporaryFolder { target in
            try model.save(to: target.appendingPathComponent("saved"))
            let again = try LlavaModel(folder: target.appendingPathComponent("saved"))
            let before = try LlavaModel(folder: folder.appendingPathComponent("student"))
            for (x, y) in zip(again.parameters(), before.parameters()) {
                #expect(x.value.data.values == y.value.data.values, "\(x.name)")
            }
        }
    }

    @Test(arguments: Fixtures.cases("models")) func replicasShareTheRoundedWeights(folder: URL) throws {
        let model = try ModelFixture(folder).student(trainable: [.language], precision: .bf16)
        let replica = try model.replica(trainable: [.language])
        for (x, y) in zip(model.parameters(), replica.parameters()) {
            #expect(x.value.half === y.value.half && x.value.requiresGradient == y.value.requiresGradient)
        }
        let weight = try #require(
            model.parameters(of: [.language]).first { $0.name.hasSuffix("q_proj.weight") })
        guard Precision.bf16.supported == .bf16 else { return }
        weight.value.data.fill(0.5)
        weight.value.dataChanged()
        #expect(weight.value.half?.expanded().values.allSatisfy { $0 == 0.5 } == true)
    }
}
