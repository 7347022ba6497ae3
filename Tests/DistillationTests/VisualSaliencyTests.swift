import AlignmentSupport
import Distillation
import Foundation
import Models
import Records
import TestSupport
import Testing

/// Whose attention weights the visual tokens.
@Suite struct VisualSaliencyTests {
    private func shares(
        _ fixture: ModelFixture, student: LlavaModel, teacher: LlavaModel, _ source: SaliencySource,
        layer: Int = 1
    ) throws -> [[Double]] {
        var objective = fixture.objective(LossTerms(iva: 1))
        (objective.saliencySource, objective.saliencyLayer) = (source, layer)
        let result = try AlignmentLoss(student: student, teacher: teacher, objective: objective)(
            fixture.batch, totals: fixture.totals, candidates: .given(fixture.candidates))
        var shares = fixture.batch.samples.map { _ in [Double]() }
        for row in result.trunk.rows where row.share.iva != 0 {
            shares[fixture.batch.sample(ofRow: Int(row.row))].append(row.share.iva)
        }
        return shares
    }

    @Test(arguments: Fixtures.cases("models")) func uniformWeightsAreEqualAndSumToOne(folder: URL) throws {
        let fixture = try ModelFixture(folder)
        let found = try shares(
            fixture, student: try fixture.student(trainable: []), teacher: try fixture.teacher(), .uniform)
        for (sample, shares) in zip(fixture.batch.samples, found) {
            #expect(shares.count == sample.visual?.count ?? 0)
            guard let first = shares.first else { continue }
            #expect(shares.allSatisfy { $0 == first })
            // The share is alpha / B.
            #expect(abs(shares.reduce(0, +) * Double(fixture.batch.samples.count) - 1) < 1e-6)
        }
        #expect(found.contains { !$0.isEmpty })
    }

    @Test(arguments: Fixtures.cases("models")) func equalModelsWeighAlike(folder: URL) throws {
        let fixture = try ModelFixture(folder)
        let (teacher, same) = (try fixture.teacher(), try fixture.teacher())
        for layer in 0..<2 {
            let (own, other) = (
                try shares(fixture, student: same, teacher: teacher, .student, layer: layer),
                try shares(fixture, student: same, teacher: teacher, .teacher, layer: layer)
            )
            #expect(own == other && own.contains { !$0.isEmpty })
        }
    }

    @Test(arguments: Fixtures.cases("models", with: "forward.safetensors"))
    func theStudentsWeightsAreThoseOfTheGoldenData(folder: URL)
        throws
    {
        let fixture = try ModelFixture(folder)
        let forward = try fixture.golden("forward")
        let (alpha, shape) = (
            try forward.floats("student/alpha"), try forward.entry("student/alpha").shape
        )
        for layer in 0..<shape[1] {
            let found = try shares(
                fixture, student: try fixture.student(trainable: []), teacher: try fixture.teacher(),
                .student,
                layer: layer)
            for (index, sample) in fixture.batch.samples.enumerated() {
                let expected = (sample.visual ?? 0..<0).map {
                    alpha[(index * shape[1] + layer) * shape[2] + $0]
                }
                let values = found[index].map { Float($0 * Double(fixture.batch.samples.count)) }
                #expect(
                    values.count == expected.count(where: { $0 > 0 })
                        && zip(values, expected).allSatisfy { abs($0 - $1) < 1e-5 })
            }
        }
    }

    @Test func aLayerThatTheModelDoesNotHaveIsRefused() throws {
        let fixture = try ModelFixture(
            Fixtures.repository.appendingPathComponent("Tests/Fixtures/models/qwen2_siglip"))
        var objective = fixture.objective(LossTerms(iva: 1))
        (objective.saliencySource, objective.saliencyLayer) = (.student, 2)  // it has two, the teacher three
        let (student, teacher) = (try fixture.student(trainable: []), try fixture.teacher())
        #expect { try TeacherPlan(objective).check(student: student, teacher: teacher) } throws: {
            "\($0)".contains("saliency_layer") && "\($0)".contains("0 to 1")
        }
        objective.saliencySource = .teacher
        try TeacherPlan(objective).check(student: student, teacher: teacher)
    }
}
