import Distillation
import Models
import Records
import Stage
import Tensors
import Training

/// What train.yaml may say. The paper's fine-tuning is the default (docs/objective.md, Optimizer and
/// schedule).
struct TrainingRecipe: Recipe {
    /// Parts that learn: vision, projector, language.
    var trainable: [ModelPart] = [.projector, .language]
    /// Eq. 8; 0 removes a term and its cost.
    var weights = LossTerms(sft: 1, iva: 1, kd: 1, tpa: 1)
    var divergence = DivergenceSettings()
    var candidates = Candidates()
    /// Whose attention weights the visual tokens of IVA: teacher (Eq. 3), student, or uniform (1 / N_v each,
    /// as in LLaVA-KD).
    var saliencySource = SaliencySource.teacher
    /// 0-based layer of that model; null takes the teacher's with the highest relevance, which cache-teacher
    /// measured.
    var saliencyLayer: Int?
    var onPolicy = OnPolicySettings()
    /// Samples of an optimizer step.
    var batchSize = 128
    /// Rows (tokens, visual ones included) of one forward pass at most; more are accumulated.
    var microBatchRows = 8192
    /// Copies of the student that run micro-batches at the same time: faster for small models, gradients and
    /// activations once more each.
    var replicas = 1
    var epochs = 1.0
    /// Optimizer steps; null: as many as the epochs take.
    var steps: Int?
    var seed: UInt64 = 0
    /// Share of the samples that is used; a larger share contains a smaller one, and all seeds use the same.
    var dataFraction = 1.0
    var optimizer = Optimizer()
    var schedule = Schedule()
    /// Forget activations inside blocks and compute them again: less memory, one more forward.
    var recompute = false
    /// Of matrix products: fp32, or bf16 with weights and optimizer in fp32. Without bf16 instructions bf16
    /// is fp32.
    var precision = Precision.fp32
    /// The same for the teacher in the loop, whose weights then take half the memory.
    var teacherPrecision = Precision.bf16
    /// Shards shuffled together and held in memory.
    var shardsTogether = 64
    /// Steps between two resumable states.
    var stateEvery = 500
    /// Write the metrics as TensorBoard event files too.
    var tensorboard = false

    enum CodingKeys: String, CodingKey {
        case trainable, weights, divergence, candidates, replicas, epochs, steps, seed, optimizer, schedule
        case recompute, tensorboard
        case saliencySource = "saliency_source"
        case precision
        case teacherPrecision = "teacher_precision"
        case saliencyLayer = "saliency_layer"
        case onPolicy = "on_policy"
        case dataFraction = "data_fraction"
        case batchSize = "batch_size"
        case microBatchRows = "micro_batch_rows"
        case shardsTogether = "shards_together"
        case stateEvery = "state_every"
    }

    /// How the student proposes tokens for TPA.
    struct Candidates: Codable, Sendable {
        var count = 4  // d
        var strategy = CandidateRule.Strategy.nucleus
        var topP = 1.0
        var temperature = 1.0

        enum CodingKeys: String, CodingKey {
            case count, strategy, temperature
            case topP = "top_p"
        }
    }

    /// How far the student is from the teacher, by term; `docs/objective.md` has the equations.
    struct DivergenceSettings: Codable, Sendable {
        var kd = Divergence.Kind.forwardKL
        var iva = Divergence.Kind.forwardKL
        var tpa = Divergence.Kind.forwardKL
        /// Of jsd: share of the teacher in the mixture.
        var beta = 0.5
        /// Of the skewed ones; DistiLLM's.
        var alpha = 0.1
    }

    /// GKD: responses that the student samples and the teacher scores, in KD and TPA.
    struct OnPolicySettings: Codable, Sendable {
        var fraction = 0.0  // lambda
        var temperature = 1.0
        var topP = 1.0
        var maximumTokens = 64

        enum CodingKeys: String, CodingKey {
            case fraction, temperature
            case topP = "top_p"
            case maximumTokens = "maximum_tokens"
        }
    }

    struct Optimizer: Codable, Sendable {
        var learningRate = 2e-5
        var beta1 = 0.9
        var beta2 = 0.999
        var epsilon = 1e-8
        var weightDecay = 0.0
        /// Largest global gradient norm; 0 does not clip.
        var clip = 1.0

        enum CodingKeys: String, CodingKey {
            case beta1, beta2, epsilon, clip
            case learningRate = "learning_rate"
            case weightDecay = "weight_decay"
        }
    }

    struct Schedule: Codable, Sendable {
        var shape = LearningRateSchedule.Shape.cosine
        var warmupRatio = 0.03

        enum CodingKeys: String, CodingKey {
            case shape
            case warmupRatio = "warmup_ratio"
        }
    }

    func validate() throws {
        for (name, value) in [
            ("sft", weights.sft), ("iva", weights.iva), ("kd", weights.kd), ("tpa", weights.tpa),
        ] {
            guard value.isFinite, value >= 0 else {
                throw SettingProblem("weights.\(name)", "is \(value), expected a number from 0")
            }
        }
        try SettingProblem.require(candidates.count, "candidates.count", in: 1...64)
        try SettingProblem.require(batchSize, "batch_size", in: 1...1_000_000)
        try SettingProblem.require(microBatchRows, "micro_batch_rows", in: 1...10_000_000)
        try SettingProblem.require(replicas, "replicas", in: 1...256)
        try SettingProblem.require(stateEvery, "state_every", in: 1...1_000_000_000)
        try SettingProblem.require(shardsTogether, "shards_together", in: 1...100_000)
        try SettingProblem.require(saliencyLayer ?? 0, "saliency_layer", in: 0...10_000)
        try SettingProblem.require(steps ?? 1, "steps", in: 1...1_000_000_000)
        try SettingProblem.require(onPolicy.maximumTokens, "on_policy.maximum_tokens", in: 1...100_000)
        try SettingProblem.require(divergence.alpha, "divergence.alpha", in: 0..<1)
        let positive = [
            ("epochs", epochs), ("candidates.temperature", candidates.temperature),
            ("on_policy.temperature", onPolicy.temperature), ("data_fraction", dataFraction),
            ("on_policy.top_p", onPolicy.topP), ("divergence.beta", divergence.beta),
            ("optimizer.learning_rate", optimizer.learningRate),
            ("optimizer.epsilon", optimizer.epsilon),
        ]
        for (name, value) in positive {
            guard value.isFinite, value > 0, value < 1e6 else {
                throw SettingProblem(name, "is \(value), expected a number above 0")
            }
        }
        let shares = [
            ("candidates.top_p", candidates.topP), ("on_policy.top_p", onPolicy.topP),
            ("on_policy.fraction", onPolicy.fraction), ("data_fraction", dataFraction),
            ("divergence.beta", divergence.beta), ("optimizer.beta1", optimizer.beta1),
            ("optimizer.beta2", optimizer.beta2),
            ("schedule.warmup_ratio", schedule.warmupRatio),
        ]
        for (name, value) in shares {
            guard (0...1).contains(value) else {
                throw SettingProblem(name, "is \(value), expected a number from 0 to 1")
            }
        }
        guard optimizer.weightDecay >= 0, optimizer.clip >= 0 else {
            throw SettingProblem("optimizer", "holds a negative weight_decay or clip")
        }
        guard divergence.beta < 1 else {
            throw SettingProblem("divergence.beta", "is 1, expected less: the mixture would be the teacher")
        }
        guard candidates.topP > 0 else {
            throw SettingProblem("candidates.top_p", "is 0: no token would be left to draw")
        }
    }

    /// - Parameter measuredLayer: from the cache, where the recipe leaves the layer open
    func settings(measuredLayer: Int?) throws -> TrainingSettings {
        let usesLayer = weights.iva != 0 && saliencySource != .uniform
        let measured = saliencySource == .teacher ? measuredLayer : nil
        guard let layer = saliencyLayer ?? measured ?? (usesLayer ? nil : 0) else {
            throw SettingProblem(
                "saliency_layer",
                saliencySource == .student
                    ? "is not set: give the number of the student's layer"
                    : "is not set and no cache says which layer is the most relevant: give --teacher-outputs or a number"
            )
        }
        var objective = AlignmentObjective(
            weights: weights,
            candidates: CandidateRule(
                count: candidates.count, strategy: candidates.strategy, topP: candidates.topP,
                temperature: candidates.temperature),
            saliencyLayer: layer)
        objective.recompute = recompute
        func kind(_ kind: Divergence.Kind) -> Divergence {
            Divergence(kind, beta: divergence.beta, alpha: divergence.alpha)
        }
        objective.divergences = TermDivergences(
            kd: kind(divergence.kd), iva: kind(divergence.iva), tpa: kind(divergence.tpa))
        objective.saliencySource = saliencySource
        objective.onPolicy = OnPolicyRule(fraction: onPolicy.fraction)
        objective.onPolicy.temperature = onPolicy.temperature
        objective.onPolicy.topP = onPolicy.topP
        objective.onPolicy.maximumTokens = onPolicy.maximumTokens
        var settings = TrainingSettings(
            objective: objective, trainable: Set(trainable), batchSize: batchSize,
            learningRate: optimizer.learningRate)
        settings.rowLimit = microBatchRows
        settings.replicas = replicas
        settings.epochs = epochs
        settings.steps = steps
        settings.optimizer.beta1 = optimizer.beta1
        settings.optimizer.beta2 = optimizer.beta2
        settings.optimizer.epsilon = optimizer.epsilon
        settings.optimizer.weightDecay = optimizer.weightDecay
        settings.scheduleShape = schedule.shape
        settings.warmupRatio = schedule.warmupRatio
        settings.clip = optimizer.clip
        settings.seed = seed
        settings.dataFraction = dataFraction
        settings.stateEvery = stateEvery
        return settings
    }
}
