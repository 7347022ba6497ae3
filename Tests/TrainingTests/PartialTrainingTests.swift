import AlignmentSupport
import Distillation
import Foundation
import Models
import Records
import Settings
import TestSupport
import Testing
import Training

/// Training of some weights of the language model, and rates by head and layer.
@Suite struct PartialTrainingTests {
    private let folder = Fixtures.repository.appendingPathComponent("Tests/Fixtures/models/qwen2_siglip")

    private static func weights(
        _ parts: [ModelPart] = [.projector, .language], layers: [Int]? = [1, 2], embeddings: Bool = true,
        head: Bool = true
    ) -> TrainedWeights {
        var language = LanguageWeights()
        (language.layers, language.embeddings, language.head) = (layers, embeddings, head)
        return TrainedWeights(parts, language: language)
    }

    private static let selections = [
        weights(), weights(layers: [0, 1]), weights([.language], embeddings: false),
        weights([.vision, .language], layers: [0, 0], embeddings: false),
        weights([.language], layers: nil, embeddings: false),
    ]

    private func gradients(_ fixture: ModelFixture, _ trainable: TrainedWeights, recompute: Bool) throws
        -> [String: [Float]]
    {
        let student = try fixture.student(trainable: trainable)
        var objective = fixture.objective(ModelFixture.all)
        objective.recompute = recompute
        try AlignmentLoss(student: student, teacher: fixture.teacher(), objective: objective)(
            fixture.batch, totals: fixture.totals, candidates: .given(fixture.candidates)
        ).loss.backward()
        return Dictionary(
            uniqueKeysWithValues: student.parameters().compactMap { parameter in
                parameter.value.gradient.map { (parameter.name, $0.values) }
            })
    }

    @Test(arguments: Fixtures.cases("models", with: "losses.safetensors"), [false, true])
    func gradientsAreThoseOfTrainingEverything(folder: URL, recompute: Bool) throws {
        let fixture = try ModelFixture(folder)
        let all = try gradients(fixture, [.vision, .projector, .language], recompute: recompute)
        for weights in Self.selections {
            let found = try gradients(fixture, weights, recompute: recompute)
            #expect(Set(found.keys) == Set(all.keys.filter { weights.contains($0) }), "\(weights)")
            for (name, gradient) in found { #expect(gradient == all[name], "\(weights): \(name)") }
        }
    }

    /// Without clipping, whose norm would be another, a step moves what learns as training everything does.
    private func step(_ trainable: TrainedWeights, replicas: Int = 1) throws -> [String: [Float]] {
        try withTemporaryFolder { folder in
            let fixture = try ModelFixture(self.folder)
            var settings = TrainingSettings()
            (settings.weights, settings.candidates.count, settings.saliencyLayer) = (ModelFixture.all, 3, 1)
            (settings.batchSize, settings.steps, settings.seed) = (5, 1, 9)
            (settings.optimizer.learningRate, settings.optimizer.clip) = (1e-3, 0)
            (settings.optimizer.weightDecay, settings.schedule.warmupRatio) = (0.1, 0)
            (settings.trainable, settings.replicas) = (trainable, replicas)
            let trainer = try Trainer(
                student: try fixture.student(trainable: trainable), teacher: try fixture.teacher(),
                cached: nil, dataset: try tinyDataset(in: folder), settings: settings,
                plan: TeacherPlan(settings.objective()))
            _ = try trainer.run(in: folder.appendingPathComponent("run"), run: "r")
            return Dictionary(
                uniqueKeysWithValues: trainer.student.parameters().map { ($0.name, $0.value.data.values) })
        }
    }

    @Test(arguments: [1, 2]) func aStepMovesWhatLearnsAndLeavesTheRestAsItWas(replicas: Int) throws {
        let start = Dictionary(
            uniqueKeysWithValues: try ModelFixture(folder).student().parameters().map {
                ($0.name, $0.value.data.values)
            })
        let all = try step([.projector, .language])
        let weights = Self.weights(embeddings: false)
        let found = try step(weights, replicas: replicas)
        #expect(found.count == start.count)
        for (name, values) in found {
            if weights.contains(name) {
                #expect(values == all[name] && values != start[name], "\(name)")
            } else {
                #expect(values == start[name], "\(name)")
            }
        }
        let frozen = found.keys.filter {
            ModelPart(name: $0) == .language && !weights.contains($0)
        }
        #expect(frozen.count == 1 + 12)  // the table, and layer 0 with its three biases
    }

    /// 12 layers at 0.9: the last one at 0.9, the first at 0.9^12, the embeddings at 0.9^13.
    @Test func aLayersRateFallsWithItsDistanceFromTheOutput() {
        var settings = AdamW.Settings()
        (settings.learningRate, settings.weightDecay, settings.layerDecay) = (1e-3, 0.1, 0.9)
        settings.parts.language.learningRate = 2e-3
        settings.parts.head.weightDecay = 0.3
        func rate(_ name: String, dimensions: Int = 2) -> ParameterRate {
            ParameterRate(name: name, dimensions: dimensions, settings, layers: 12)
        }
        func near(_ rate: ParameterRate, _ factor: Double, _ decay: Double) -> Bool {
            abs(rate.factor - factor) < 1e-6 && rate.weightDecay == decay
        }
        let language = "model.language_model."
        #expect(near(rate(language + "layers.11.mlp.up_proj.weight"), 2 * 0.9, 0.1))
        #expect(near(rate(language + "layers.10.mlp.up_proj.weight"), 2 * 0.81, 0.1))
        #expect(near(rate(language + "layers.0.self_attn.q_proj.bias", dimensions: 1), 2 * 0.282_429_536, 0))
        #expect(near(rate(language + "embed_tokens.weight"), 2 * 0.254_186_583, 0.1))
        #expect(near(rate(language + "norm.weight", dimensions: 1), 2, 0))
        #expect(near(rate("lm_head.weight"), 2, 0.3))
        #expect(near(rate("model.multi_modal_projector.linear_1.weight"), 1, 0.1))
        #expect(near(rate("model.vision_tower.encoder.layers.3.mlp.fc1.weight"), 1, 0.1))
        settings.parts.head.learningRate = 5e-4
        #expect(near(rate("lm_head.weight"), 0.5, 0.3))
    }

    /// Powers of two are exact, so a parameter moves bit for bit as if its rate were that of all.
    @Test(arguments: Fixtures.cases("models", with: "losses.safetensors"))
    func parametersMoveByTheirOwnRates(folder: URL) throws {
        let fixture = try ModelFixture(folder)
        func moved(_ settings: AdamW.Settings, _ share: Double = 1) throws -> [String: [Float]] {
            let student = try fixture.student()
            let optimizer = AdamW(
                student.parameters(of: [.projector, .language]), settings: settings, layers: 2)
            try AlignmentLoss(
                student: student, teacher: fixture.teacher(), objective: fixture.objective(ModelFixture.all)
            )(fixture.batch, totals: fixture.totals, candidates: .given(fixture.candidates)).loss.backward()
            try optimizer.step(optimizer.takeGradient(), learningRate: settings.learningRate * share)
            return Dictionary(
                uniqueKeysWithValues: optimizer.parameters.map { ($0.name, $0.value.data.values) })
        }
        var settings = AdamW.Settings()
        (settings.learningRate, settings.weightDecay) = (1e-3, 0.5)
        let shares = try Dictionary(
            uniqueKeysWithValues: [1, 0.5, 0.25, 0.125, 4].map { ($0, try moved(settings, $0)) })
        settings.layerDecay = 0.5
        let tied = try fixture.student().configuration.text.tiedEmbeddings
        if !tied { settings.parts.head.learningRate = 4e-3 }
        for (name, values) in try moved(settings) {
            let share: Double =
                switch LanguagePlace(name: name) {
                case .embeddings: 0.125
                case .layer(let index): index == 0 ? 0.25 : 0.5
                case .head: 4
                case .norm, nil: 1
                }
            #expect(values == shares[share]?[name], "\(name)")
        }
        #expect(shares[1]?.keys.contains("lm_head.weight") == !tied)
    }

    @Test func aRateOfAHeadThatIsTheTableIsRefused() throws {
        let student = try ModelFixture(folder).student().configuration
        var settings = TrainingSettings()
        settings.optimizer.parts.head.learningRate = 1e-3
        #expect {
            try settings.check(forStudent: student)
        } throws: {
            ($0 as? SettingProblem)?.key == "optimizer.parts.head"
        }
        settings.optimizer.parts.head = PartRate()
        try settings.check(forStudent: student)
        settings.trainable = Self.weights(layers: [0, 40])
        #expect {
            try settings.check(forStudent: student)
        } throws: {
            ($0 as? SettingProblem)?.key == "trainable.language.layers"
        }
        settings.optimizer.layerDecay = 0
        #expect(throws: SettingProblem("optimizer.layer_decay", "is 0.0, expected more than 0 and at most 1"))
        {
            try settings.check()
        }
    }
}
