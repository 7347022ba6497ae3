import Distillation
import Models
import Records
import Settings
import TeacherStore
import Tensors

/// What a training run does. The paper's fine-tuning is the default (docs/objective.md).
public struct TrainingSettings: Recipe, Equatable {
    @Setting(
        "Parts of the model that learn; or what differs from the group {vision: false, projector: true, "
            + "language: {layers: null, embeddings: true, norm: true, head: true}}, in which layers: "
            + "[12, 24] are those from 12 to 23.")
    public var trainable: TrainedWeights = [.projector, .language]
    @Setting(
        "Weights of the terms: SFT, IVA (visual tokens), KD (responses, Eq. 2) and TPA (candidates); 0 "
            + "removes a term and its cost.", in: 0..., equation: "Eq. 8")
    public var weights = LossTerms(sft: 1, iva: 1, kd: 1, tpa: 1)
    @Setting("How far the student is from the teacher, by term; docs/objective.md has the equations.")
    public var divergence = DivergenceSettings()
    @Setting("How the student proposes tokens for TPA.", equation: "Eq. 5") public var candidates =
        CandidateRule()
    @Setting(
        "Whose attention weights the visual tokens of IVA; uniform is 1 / N_v each, as in LLaVA-KD.",
        equation: "Eq. 3")
    public var saliencySource = SaliencySource.teacher
    @Setting(
        "0-based layer of that model.", in: 0...10_000,
        null: "the teacher's with the highest relevance, which cache-teacher measured", equation: "Eq. 4")
    public var saliencyLayer: Int?
    @Setting(
        "The same as a share of that model's depth: 0 is the first layer, 1 the last.", in: 0...1,
        null: "saliency_layer says it", equation: "Table 7")
    public var saliencyDepth: Double?
    @Setting("GKD: responses that the student samples and the teacher scores, in KD and TPA.")
    public var onPolicy = OnPolicyRule()
    @Setting("Samples of an optimizer step.", in: 1...1_000_000) public var batchSize = 128
    @Setting(
        "Rows of one forward pass at most, visual tokens included; more are accumulated.", unit: "tokens",
        in: 1...10_000_000)
    public var microBatchRows = 8192
    @Setting(
        "Parts of a step whose gradients are summed by themselves and then along a fixed tree: so many "
            + "replicas of all processes have work, and their number changes no bit of the result.",
        in: 1...65_536)
    public var lanes = 8
    @Setting(
        "Copies of the student that run lanes at the same time: faster for small models, gradients and "
            + "activations once more each.", in: 1...256, changesResult: false)
    public var replicas = 1
    @Setting("Times that every sample is seen.", in: Bounds.above(0, below: 1e6)) public var epochs = 1.0
    @Setting("Optimizer steps.", in: 1...1_000_000_000, null: "as many as the epochs take")
    public var steps: Int?
    @Setting("Seed of the order of the samples and of all draws.") public var seed: UInt64 = 0
    @Setting(
        "Share of the samples that is used; a larger share contains a smaller one, and all seeds use the "
            + "same.",
        in: Bounds.above(0, to: 1))
    public var dataFraction = 1.0
    @Setting(
        "How much of each source an epoch has, by the names that --shards gives them; a source that is not "
            + "named is seen once. vsr: {weight: 2}, coco: {samples: 5000}, sbu: {data_fraction: 0.1}.")
    public var mixture: [String: SourceShare] = [:]
    @Setting(
        "Samples about one picture that are drawn together, so that what comes before their questions is "
            + "computed once; 1 draws each by itself. More of them make a step of fewer pictures.",
        in: 1...100_000)
    public var groupImages = 1
    @Setting("AdamW with decoupled weight decay.") public var optimizer = AdamW.Settings()
    @Setting("How the learning rate changes over the steps.") public var schedule =
        LearningRateSchedule.Settings()
    @Setting(
        "Whether activations inside blocks are forgotten and computed again: less memory, one more forward.")
    public var recompute = false
    @Setting(
        "Precision of matrix products; with bf16 weights and optimizer stay in fp32. Without bf16 "
            + "instructions bf16 is fp32.")
    public var precision = Precision.fp32
    @Setting(
        "The same for the teacher in the loop, whose weights then take half the memory; in int8 a quarter, "
            + "where the processor has the instructions (VNNI).")
    public var teacherPrecision = Precision.bf16
    @Setting("What a teacher in int8 is held to.") public var int8 = QuantizationError.Settings()
    @Setting(
        "How the trained weights are written; a training's state keeps them in f32.",
        null: "as those of the start are, each its own")
    public var type: StoredType?
    @Setting("Shards that are shuffled together and held in memory.", in: 1...100_000)
    public var shardsTogether = 64
    @Setting("Steps between two resumable states.", in: 1...1_000_000_000, changesResult: false)
    public var stateEvery = 500
    @Setting("Looks at samples that are not trained on, where --validation gives some.") public
        var validation =
        ValidationSettings()
    @Setting("Checkpoints on the way that can be used as they are.") public var checkpoint =
        CheckpointSettings()
    @Setting("Whether the metrics are written as TensorBoard event files too.", changesResult: false)
    public var tensorboard = false
    @Setting(
        "Steps in a row that are skipped where the loss or the gradient is not a finite number; one more "
            + "stops the run, with the state before it saved.",
        in: 0...1_000_000_000, changesResult: false)
    public var skipNonfinite = 3
    @Setting(
        "Whether the teacher in the loop may be another than the one whose outputs are cached.",
        changesResult: false)
    public var mixedTeachers = false

    public init() {}

    public func validate() throws {
        if saliencyDepth != nil, let saliencyLayer {
            throw SettingProblem("saliency_depth", "is set, and saliency_layer is \(saliencyLayer): give one")
        }
        guard precision != .int8 else {
            throw SettingProblem(
                "precision", "is int8, in which nothing can learn: teacher_precision may be int8")
        }
    }

    /// Checks what cannot be said of the recipe alone.
    ///
    /// - Throws: `SettingProblem`
    public func check(for teacher: LlavaConfiguration) throws {
        if usesSaliencyLayer, saliencySource == .teacher, let saliencyLayer,
            saliencyLayer >= teacher.text.layers
        {
            throw SettingProblem(
                "saliency_layer",
                "is \(saliencyLayer), the teacher has layers 0 to \(teacher.text.layers - 1)")
        }
    }

    /// Checks what cannot be said without the model that learns.
    ///
    /// - Throws: `SettingProblem`
    public func check(forStudent student: LlavaConfiguration) throws {
        try trainable.check(for: student.text)
        let rates: [(ModelPart, PartRate)] = [
            (.vision, optimizer.parts.vision), (.projector, optimizer.parts.projector),
            (.language, optimizer.parts.language),
        ]
        for (part, rate) in rates where rate != PartRate() && !trainable.parts.contains(part) {
            throw SettingProblem(
                "optimizer.parts.\(part.rawValue)", "is set, but this part does not learn (trainable)")
        }
        if student.text.tiedEmbeddings, optimizer.parts.head != PartRate() {
            throw SettingProblem(
                "optimizer.parts.head",
                "is set, but the model's head is its table of embeddings: it learns as "
                    + "optimizer.parts.language says")
        }
    }

    /// Whether the attention of a layer weights the visual tokens.
    public var usesSaliencyLayer: Bool { weights.iva != 0 && saliencySource != .uniform }

    /// What a step optimises.
    ///
    /// - Parameters:
    ///   - measuredLayer: the teacher's with the highest relevance, where a cache says so
    ///   - layers: of the model whose attention it is, where it is known
    /// - Throws: `SettingProblem` where IVA needs a layer that neither the settings nor the cache name
    public func objective(measuredLayer: Int? = nil, layers: Int? = nil) throws -> AlignmentObjective {
        let measured = saliencySource == .teacher && saliencyDepth == nil ? measuredLayer : nil
        var ofDepth: Int?
        if usesSaliencyLayer, let saliencyDepth {
            guard let layers else {
                throw SettingProblem(
                    "saliency_depth", "is a share of the teacher's depth, which is not known: give --teacher")
            }
            ofDepth = min(layers - 1, Int(saliencyDepth * Double(layers)))
        }
        guard let layer = ofDepth ?? saliencyLayer ?? measured ?? (usesSaliencyLayer ? nil : 0) else {
            throw SettingProblem(
                "saliency_layer",
                saliencySource == .student
                    ? "is not set: give the number of the student's layer"
                    : "is not set and no cache says which layer is the most relevant: "
                        + "give --teacher-outputs or a number"
            )
        }
        var objective = AlignmentObjective(weights: weights, candidates: candidates, saliencyLayer: layer)
        objective.divergences = divergence.terms
        (objective.saliencySource, objective.onPolicy) = (saliencySource, onPolicy)
        objective.recompute = recompute
        return objective
    }
}
