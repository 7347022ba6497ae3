import Autograd
import Models
import Records
import Settings
import Shards
import Tensors

/// Rule by which responses are sampled from the student (GKD, Agarwal et al. 2024).
public struct OnPolicyRule: Recipe, Equatable {
    @Setting("Probability lambda that a sample's responses are the student's own in a step.", in: 0...1)
    public var fraction = 0.0
    @Setting("Temperature of the draws.", in: Bounds.above(0)) public var temperature = 1.0
    @Setting("Mass of the nucleus; 1 draws from all ids.", in: Bounds.above(0, to: 1)) public var topP = 1.0
    @Setting("Length of a response at most, its end included.", unit: "tokens", in: 1...100_000)
    public var maximumTokens = 64

    public init() {}
    public init(fraction: Double) { self.fraction = fraction }
}

/// Replacement of ground-truth responses by the student's own.
///
/// All responses of a chosen sample are sampled, one turn after the other, each after the student's own
/// answers to the turns before. KD and TPA then look at the sampled text; SFT and IVA keep the ground truth,
/// so a chosen sample stays in the batch beside its sampled copy where either has a weight. Which samples are
/// chosen and what is drawn is a function of (seed, sample, step, turn) and the student's weights.
public struct OnPolicyResponses {
    /// The model that answers.
    public let student: LlavaModel
    /// The objective, whose rule says which samples are answered.
    public let objective: AlignmentObjective
    /// IDs that end a response.
    public let endOfSequenceIDs: Set<Int32>
    /// IDs at or above it are never drawn: the teacher does not know them.
    public let common: Int

    public init(student: LlavaModel, objective: AlignmentObjective, endOfSequenceIDs: Set<Int32>, common: Int)
    {
        (self.student, self.objective, self.endOfSequenceIDs, self.common) = (
            student, objective, endOfSequenceIDs, common
        )
    }

    /// Draws of other kinds are keyed by (seed, sample, step, position) with positions far below this.
    private static let choice: UInt64 = 1 << 60

    /// Whether a sample is answered by the student in a step.
    func isChosen(_ sample: AlignmentSample, seed: UInt64, step: UInt64) -> Bool {
        var random = CounterRandom(seed, sample.key, step, Self.choice)
        return random.uniform() < objective.onPolicy.fraction && !sample.responsePositions.isEmpty
    }

    /// - Returns: the batch with sampled responses, and how many samples have them; the batch itself where
    ///   none was chosen
    /// - Throws: `ModelsError` where the images do not fit the student
    public func callAsFunction(_ batch: AlignmentBatch, seed: UInt64, step: UInt64) throws -> (
        batch: AlignmentBatch, samples: Int
    ) {
        let chosen = batch.samples.indices.filter { isChosen(batch.samples[$0], seed: seed, step: step) }
        guard !chosen.isEmpty else { return (batch, 0) }
        let hasImages = chosen.contains { batch.samples[$0].visual != nil }
        let features = try hasImages ? Value(batch.images.features(student).data) : nil
        var responses = chosen.map { SampledResponses(batch.samples[$0]) }
        for turn in 0..<(responses.map(\.turns).max() ?? 0) {
            let open = responses.indices.filter { turn < responses[$0].turns }
            for index in open { responses[index].copyInstruction() }
            let prompts = AlignmentBatch(samples: open.map { responses[$0].sample }, images: batch.images)
            let embeddings = try prompts.embeddings(student, features: features).data
            try student.language.generate(
                count: open.count, settings: generation(seed),
                stream: { number in
                    var stream = CounterRandom(
                        responses[open[number]].source.key, step, UInt64(turn), Self.choice + 1)
                    return stream.next()
                },
                prompt: { number in
                    let rows = prompts.rows(of: number)
                    return Prompt(Value(embeddings.rows(rows)))
                },
                finished: { number, generated in
                    responses[open[number]].append(response: generated.ids)
                })
        }
        var samples = batch.samples
        let keepsTruth = objective.weights.sft != 0 || objective.weights.iva != 0
        for (index, var response) in zip(chosen, responses) {
            response.copyInstruction()
            var sampled = response.sample
            sampled.terms = LossTerms(kd: 1, tpa: 1)
            if keepsTruth {
                samples[index].terms = LossTerms(sft: 1, iva: 1)
                samples.append(sampled)
            } else {
                samples[index] = sampled
            }
        }
        return (AlignmentBatch(samples: samples, images: batch.images), chosen.count)
    }

    private func generation(_ seed: UInt64) -> GenerationSettings {
        let rule = objective.onPolicy
        var settings = GenerationSettings(
            maximumNewTokens: rule.maximumTokens, endOfSequenceIDs: endOfSequenceIDs,
            sampling: .random(temperature: rule.temperature, topP: rule.topP, seed: seed), slots: 32)
        settings.vocabulary = common
        settings.allowsNonFinite = true
        return settings
    }
}

/// A sample whose responses are written anew, turn by turn.
private struct SampledResponses {
    let source: AlignmentSample
    private let spans: [Range<Int>]
    private var ids: [Int32] = []
    private var labels: [Int32] = []
    private var instruction: [Int32] = []
    private var visual: Range<Int>?
    private var next = 0  // position of the source
    private var answered = 0

    var turns: Int { spans.count }

    init(_ source: AlignmentSample) {
        self.source = source
        var spans: [Range<Int>] = []
        for position in source.responsePositions {
            if let last = spans.last, last.upperBound == position {
                spans[spans.count - 1] = last.lowerBound..<position + 1
            } else {
                spans.append(position..<position + 1)
            }
        }
        self.spans = spans
    }

    /// Copies the text before the next response; after the last one, the rest.
    mutating func copyInstruction() {
        let end = answered < spans.count ? spans[answered].lowerBound : source.inputIDs.count
        let shift = ids.count - next
        if let own = source.visual, (next..<end).contains(own.lowerBound) {
            visual = own.lowerBound + shift..<own.upperBound + shift
        }
        ids += source.inputIDs[next..<end]
        labels += [Int32](repeating: ShardFormat.ignoreIndex, count: end - next)
        instruction += source.instruction.filter { (next..<end).contains(Int($0)) }.map { $0 + Int32(shift) }
        next = end
    }

    mutating func append(response: [Int32]) {
        ids += response
        labels += response
        next = spans[answered].upperBound
        answered += 1
    }

    /// The sample as far as it is written.
    var sample: AlignmentSample {
        AlignmentSample(
            id: source.id, inputIDs: ids, labels: labels, instruction: instruction, visual: visual,
            image: visual == nil ? nil : source.image, key: source.key)
    }
}
