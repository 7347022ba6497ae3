import AlignmentSupport
import Distillation
import Files
import Foundation
import Models
import TestSupport
import Testing
import Training

@Suite struct AdamWTests {
    /// Runs of the fixtures' README: (name, decay, warm-up steps, steps of the schedule).
    private static let runs = [("wd0", 0.0, 1, 5), ("wd0.1", 0.1, 0, 4)]

    @Test(arguments: Fixtures.cases("models", with: "adamw.safetensors"), runs.map(\.0))
    func threeStepsAreThoseOfPyTorch(
        folder: URL, name: String
    ) throws {
        let (_, decay, warmup, steps) = try #require(Self.runs.first { $0.0 == name })
        let fixture = try ModelFixture(folder)
        let golden = try fixture.golden("adamw")
        let student = try fixture.student()
        let loss = AlignmentLoss(
            student: student, teacher: try fixture.teacher(), objective: fixture.objective(ModelFixture.all))
        var settings = AdamW.Settings()
        settings.weightDecay = decay
        let optimizer = AdamW(student.parameters(of: [.projector, .language]), settings: settings)
        let schedule = LearningRateSchedule(
            shape: .cosine, peak: 1e-3, steps: steps, warmupRatio: Double(warmup) / Double(steps))
        let log = try golden.floats("\(name)/log")  // lr, norm, sft, kd, iva, tpa, total
        for step in 0..<3 {
            let result = try loss(
                fixture.batch, totals: fixture.totals, candidates: .given(fixture.candidates))
            result.loss.backward()
            let gradient = optimizer.takeGradient()
            let norms = try optimizer.norms(gradient)
            let norm = norms.all
            #expect(Set(norms.parts.keys) == [.projector, .language])
            let ofParts = norms.parts.values.reduce(0) { $0 + $1 * $1 }.squareRoot()
            #expect(abs(ofParts - norm) < 1e-9 * norm)
            let line = [
                schedule.rate(at: step), norm, result.terms.sft, result.terms.kd, result.terms.iva,
                result.terms.tpa,
            ]
            for (found, expected) in zip(line, log[7 * step..<7 * step + 6]) {
                #expect(abs(found - Double(expected)) <= 1e-4 * abs(Double(expected)) + 1e-9, "step \(step)")
            }
            try optimizer.step(
                gradient, learningRate: schedule.rate(at: step), gradientScale: min(1, 1 / (norm + 1e-6)))
        }
        // Every folder logs both runs and keeps the parameters of at least one.
        #expect(golden.names.contains { !$0.hasSuffix("/log") })
        let parameters = golden.names.filter { $0.hasPrefix("\(name)/") && $0 != "\(name)/log" }
        guard !parameters.isEmpty else { return }
        var (entries, close) = (0, 0)
        for stored in parameters {
            let parameter = try #require(
                student.parameters().first {
                    $0.name == CheckpointNames.canonical(String(stored.dropFirst(name.count + 1)))
                })
            for (found, expected) in zip(parameter.value.data.values, try golden.floats(stored)) {
                entries += 1
                if abs(found - expected) <= 1e-5 { close += 1 }
                #expect(abs(found - expected) <= 5e-4)
            }
        }
        #expect(entries == optimizer.parameters.reduce(0) { $0 + $1.value.data.count })
        #expect(Double(close) >= 0.999 * Double(entries))
    }

    @Test(arguments: Fixtures.cases("models", with: "adamw.safetensors").prefix(1))
    func aPartWithARateOfItsOwnMovesByIt(folder: URL) throws {
        let fixture = try ModelFixture(folder)
        /// The weights of a part after one step from equal gradients.
        func moved(_ settings: AdamW.Settings) throws -> [ModelPart: [Float]] {
            let student = try fixture.student()
            let parameters = student.parameters(of: [.projector, .language])
            let optimizer = AdamW(parameters, settings: settings)
            try AlignmentLoss(
                student: student, teacher: fixture.teacher(), objective: fixture.objective(ModelFixture.all)
            )(fixture.batch, totals: fixture.totals, candidates: .given(fixture.candidates)).loss.backward()
            let before = parameters.map(\.value.data.values)
            try optimizer.step(optimizer.takeGradient(), learningRate: settings.learningRate / 2)
            var moves: [ModelPart: [Float]] = [:]
            for (parameter, old) in zip(parameters, before) {
                moves[ModelPart(name: parameter.name), default: []] +=
                    zip(parameter.value.data.values, old).map { $0 - $1 }
            }
            return moves
        }
        var settings = AdamW.Settings()
        (settings.learningRate, settings.weightDecay) = (1e-3, 0.5)
        let plain = try moved(settings)
        settings.learningRate = 1e-2
        let fast = try moved(settings)
        settings.learningRate = 1e-3
        settings.parts.projector.learningRate = 1e-2
        let mixed = try moved(settings)
        #expect(mixed[.projector] == fast[.projector] && mixed[.projector] != plain[.projector])
        #expect(mixed[.language] == plain[.language])
        settings.parts.projector = PartRate()
        settings.parts.language.weightDecay = 0
        let undecayed = try moved(settings)
        #expect(undecayed[.projector] == plain[.projector] && undecayed[.language] != plain[.language])
    }

    @Test func warmUpStartsAtZeroAndTheCosineEndsNearIt() {
        let schedule = LearningRateSchedule(shape: .cosine, peak: 2, steps: 101, warmupRatio: 0.01)
        #expect(schedule.warmupSteps == 2)
        #expect(schedule.rate(at: 0) == 0 && schedule.rate(at: 1) == 1 && schedule.rate(at: 2) == 2)
        #expect(schedule.rate(at: 100) < 0.001)
        let flat = LearningRateSchedule(shape: .constantThenLinear, peak: 1, steps: 100, warmupRatio: 0)
        #expect(flat.rate(at: 79) == 1 && abs(flat.rate(at: 90) - 0.525) < 1e-12)
    }
}
