import AlignmentSupport
import Analysis
import Autograd
import Distillation
import Files
import Foundation
import Models
import Records
import Tensors
import TestSupport
import Testing

/// The four losses, their rows and every gradient against PyTorch, over every folder of model fixtures.
@Suite struct AlignmentLossTests {
    static let terms: [(name: String, weights: LossTerms)] = [
        ("sft", LossTerms(sft: 1)), ("kd", LossTerms(kd: 1)), ("iva", LossTerms(iva: 1)),
        ("tpa", LossTerms(tpa: 1)),
    ]

    @Test(arguments: Fixtures.cases("models", with: "losses.safetensors")) func lossesAreThoseOfTheGoldenData(
        folder: URL
    ) throws {
        let fixture = try ModelFixture(folder)
        let golden = try fixture.golden("losses")
        let loss = AlignmentLoss(
            student: try fixture.student(), teacher: try fixture.teacher(),
            objective: fixture.objective(ModelFixture.all))
        let result = try loss(fixture.batch, totals: fixture.totals, candidates: .given(fixture.candidates))
        let found = [
            "sft": result.terms.sft, "kd": result.terms.kd, "iva": result.terms.iva, "tpa": result.terms.tpa,
        ]
        for (name, value) in found {
            let expected = Double(try golden.floats("loss/\(name)")[0])
            #expect(abs(value - expected) <= 1e-5 * abs(expected), "\(name): \(value), expected \(expected)")
        }
        let total = Double(try golden.floats("loss/total")[0])
        #expect(abs(Double(result.loss.data.values[0]) - total) <= 1e-5 * total)
        #expect(result.branches.merged > 0 && result.branches.branches.contains { $0.count > 1 })
    }

    @Test(arguments: Fixtures.cases("models", with: "losses.safetensors"))
    func termsOfEveryTokenAreThoseOfTheGoldenData(folder: URL)
        throws
    {
        let fixture = try ModelFixture(folder)
        let golden = try fixture.golden("losses")
        let loss = AlignmentLoss(
            student: try fixture.student(), teacher: try fixture.teacher(),
            objective: fixture.objective(ModelFixture.all))
        let result = try loss(fixture.batch, totals: fixture.totals, candidates: .given(fixture.candidates))
        let tokens = TokenLosses(
            result, batch: fixture.batch, totals: fixture.totals, candidates: fixture.candidates)
        let width = fixture.padded
        for (name, values) in [("sft", tokens.sft), ("kd", tokens.kd), ("iva", tokens.iva)] {
            let expected = try golden.floats("per_token/\(name)")
            for (sample, row) in values.enumerated() {
                for (position, value) in row.enumerated() {
                    #expect(
                        abs(Float(value) - expected[sample * width + position]) < 2e-4,
                        "\(name) of sample \(sample) at \(position)")
                }
            }
        }
        let (expected, d) = (try golden.floats("per_token/tpa"), fixture.candidatesPerToken)
        for (sample, positions) in tokens.tpa.enumerated() {
            for (position, values) in positions.enumerated() {
                for (u, value) in values.enumerated() {
                    #expect(abs(Float(value) - expected[(sample * width + position) * d + u]) < 2e-4)
                }
            }
        }
        #expect(tokens.tpa.flatMap { $0 }.flatMap { $0 }.count == fixture.batch.supervisedTokens * d)
    }

    @Test(arguments: Fixtures.cases("models", with: "grads.safetensors"), terms.map(\.name))
    func gradientsAreThoseOfTheGoldenData(
        folder: URL, term: String
    ) throws {
        let fixture = try ModelFixture(folder)
        let golden = try fixture.golden("grads")
        let student = try fixture.student()
        let weights = Self.terms.first { $0.name == term }?.weights ?? LossTerms()
        let loss = AlignmentLoss(
            student: student, teacher: try fixture.teacher(), objective: fixture.objective(weights))
        try loss(fixture.batch, totals: fixture.totals, candidates: .given(fixture.candidates)).loss
            .backward()
        let expected = Dictionary(
            uniqueKeysWithValues: golden.names.filter { $0.hasPrefix("\(term)/") }.compactMap { name in
                CheckpointNames.canonical(String(name.dropFirst(term.count + 1))).map { ($0, name) }
            })
        let parameters = student.parameters(of: [.projector, .language])
        #expect(expected.count == parameters.count)
        var squares = 0.0
        for parameter in parameters {
            let name = try #require(expected[parameter.name])
            let values = try golden.floats(name)
            let found = parameter.value.gradient?.values ?? [Float](repeating: 0, count: values.count)
            let (worst, largest) = difference(found, values)
            #expect(worst <= 1e-4 * largest + 1e-9, "\(parameter.name): off by \(worst) of \(largest)")
            squares += parameter.value.gradient?.sumOfSquares ?? 0
        }
        let norm = Double(try golden.floats("norm/\(term)")[0])
        #expect(abs(squares.squareRoot() - norm) <= 1e-4 * norm)
    }

    @Test(arguments: Fixtures.cases("models", with: "losses.safetensors"))
    func saliencyOfAnyTeacherLayerGivesItsLoss(folder: URL) throws {
        let fixture = try ModelFixture(folder)
        let golden = try fixture.golden("losses")
        let (student, teacher) = (try fixture.student(trainable: []), try fixture.teacher())
        for (layer, expected) in try golden.floats("iva_by_teacher_layer").enumerated() {
            var objective = fixture.objective(LossTerms(iva: 1))
            objective.saliencyLayer = layer
            let result = try AlignmentLoss(student: student, teacher: teacher, objective: objective)(
                fixture.batch, totals: fixture.totals, candidates: .given(fixture.candidates))
            #expect(abs(result.terms.iva - Double(expected)) <= 1e-5 * Double(expected))
        }
    }

    @Test(arguments: Fixtures.cases("models", with: "irs.safetensors"))
    func relevanceOfEveryLayerIsThatOfTheGoldenData(folder: URL)
        throws
    {
        let fixture = try ModelFixture(folder)
        let golden = try fixture.golden("irs")
        for who in ["student", "teacher"] {
            let (alpha, shape) = (try golden.floats("\(who)/alpha"), try golden.entry("\(who)/alpha").shape)
            func layers(_ sample: Int) -> [[Float]] {
                (0..<shape[1]).map {
                    Array(
                        alpha[(sample * shape[1] + $0) * shape[2]..<(sample * shape[1] + $0 + 1) * shape[2]])
                }
            }
            var pairs = RelevanceSums(layers: shape[1])
            var all = pairs
            let listed = try golden.integers("pairs")
            for pair in 0..<listed.count / 2 {
                let (a, b) = (listed[2 * pair], listed[2 * pair + 1])
                pairs.add((a, b), layers(a), layers(b))
            }
            for a in 0..<shape[0] { for b in a + 1..<shape[0] { all.add((a, b), layers(a), layers(b)) } }
            for (sums, name) in [(pairs, "irs_pairs"), (all, "irs_all_pairs")] {
                let expected = try golden.floats("\(who)/\(name)")
                #expect(
                    zip(sums.relevance.scores, expected).allSatisfy {
                        abs($0 - Double($1)) < 1e-5 + 1e-4 * abs(Double($1))
                    })
            }
        }
    }
}
