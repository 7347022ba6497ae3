import Autograd
import Distillation
import Models
import Ranks
import Shards
import Tensors

/// Findings on one sample.
public struct ExposureRecord: Sendable, Equatable, Codable {
    /// Number of the sample in its data set.
    public let number: Int
    /// Name of the sample in its source.
    public let id: String
    /// For each student `KL_t` along the responses of each kind, cut at the length.
    public let divergences: [[ResponseSource: [Float]]]
}

/// Walk along the responses of a held-back data set with a teacher and students (appendix B.4).
///
/// Each sample's prompt is continued once by the teacher and once by each student: plain sampling at
/// temperature 1, until the end id or the length. A sample's random numbers are the same for all models, so
/// that models that agree say the same.
public struct ExposureMeasurement {
    /// The model whose distributions are the reference.
    public let teacher: LlavaModel
    /// The models that are measured.
    public let students: [LlavaModel]
    /// The settings.
    public let settings: ExposureSettings
    /// IDs that end a response.
    private let endOfSequenceIDs: Set<Int32>
    private let dataset: ShardDataset
    private let prompts: [ResponsePrompt]
    private let chunks: [Range<Int>]
    /// IDs that all models know.
    private let common: Int

    /// Reads through the data set for answers that are long enough.
    ///
    /// - Parameter endOfSequenceIDs: end a response
    /// - Throws: `ShardsError` for a damaged shard, `AnalysisError.noResponses`
    public init(
        teacher: LlavaModel, students: [LlavaModel], dataset: ShardDataset, endOfSequenceIDs: Set<Int32>,
        settings: ExposureSettings
    ) throws {
        (self.teacher, self.students, self.dataset, self.settings) = (teacher, students, dataset, settings)
        self.endOfSequenceIDs = endOfSequenceIDs
        var prompts: [ResponsePrompt] = []
        for number in 0..<dataset.count where prompts.count < settings.samples ?? .max {
            guard let prompt = ResponsePrompt(try dataset.sample(number), number: number),
                prompt.response.count >= settings.minimumResponse
            else { continue }
            prompts.append(prompt)
        }
        guard !prompts.isEmpty else {
            throw AnalysisError.noResponses(
                path: dataset.path, samples: dataset.count, least: settings.minimumResponse)
        }
        let positions = (students + [teacher]).map(\.configuration.text.maximumPositions).min() ?? 0
        if let longest = prompts.max(by: { $0.promptLength < $1.promptLength }),
            longest.promptLength + settings.length > positions
        {
            throw AnalysisError.tooLong(
                path: dataset.path, sample: try dataset.sample(longest.number).id,
                tokens: longest.promptLength + settings.length, positions: positions)
        }
        self.prompts = prompts
        chunks = rangesOfRows(
            prompts.map { $0.promptLength + settings.length }, limit: settings.microBatchRows)
        common = (students + [teacher]).map(\.language.vocabularySize).min() ?? 0
    }

    /// Samples that are walked.
    public var count: Int { prompts.count }
    /// Number of a walked sample in the data set.
    public func number(of sample: Int) -> Int { prompts[sample].number }

    /// Sample at which a measurement can go on that has the records of `done` samples: they are made a chunk
    /// at a time.
    public func resumable(_ done: Int) -> Int { chunks.last { $0.upperBound <= done }?.upperBound ?? 0 }

    /// - Parameters:
    ///   - start: samples that are known already, as `resumable` gave it
    ///   - ranks: processes that walk a chunk each at a time; all hear of all records
    ///   - beforeStep: called before each pass of a model; it may throw to stop
    ///   - finished: receives the records of a chunk, in the order of the samples
    public func run(
        from start: Int = 0, ranks: Ranks = .alone, beforeStep: () throws -> Void = {},
        finished: ([ExposureRecord]) throws -> Void
    ) throws {
        let rest = chunks.filter { $0.lowerBound >= start }
        for first in stride(from: 0, to: rest.count, by: ranks.count) {
            let own = rest.dropFirst(first + ranks.rank).first
            let found = try own.map { try records(Array(prompts[$0]), beforeStep) } ?? []
            try finished(ranks.gather(found).flatMap { $0 })
        }
    }

    private func records(_ prompts: [ResponsePrompt], _ beforeStep: () throws -> Void) throws
        -> [ExposureRecord]
    {
        let samples = try AlignmentBatch(dataset, numbers: prompts.map(\.number))
        func batch(_ responses: [[Int32]]) -> AlignmentBatch {
            AlignmentBatch(
                samples: zip(zip(samples.samples, prompts), responses).map {
                    $0.0.answering(with: $1, promptLength: $0.1.promptLength)
                }, images: samples.images)
        }
        let (questions, truth) = (
            batch(prompts.map { _ in [] }), batch(prompts.map { Array($0.response.prefix(settings.length)) })
        )
        let onTeacher = try Walker(teacher, samples)
        let taught = batch(try sample(onTeacher, questions, beforeStep))
        let (teacherOnTruth, teacherOnTaught) = (try onTeacher.states(truth), try onTeacher.states(taught))
        var divergences = prompts.map { _ in [[ResponseSource: [Float]]]() }
        for (place, student) in students.enumerated() {
            try beforeStep()
            let onStudent = try Walker(student, samples)
            let own = batch(try sample(onStudent, questions, beforeStep))
            let found: [(ResponseSource, [[Float]])] = [
                (
                    .groundTruth,
                    responseDivergences(truth, teacher: teacherOnTruth, student: try onStudent.states(truth))
                ),
                (
                    .student,
                    responseDivergences(
                        own, teacher: try onTeacher.states(own), student: try onStudent.states(own))
                ),
                (
                    .teacher,
                    responseDivergences(
                        taught, teacher: teacherOnTaught, student: try onStudent.states(taught))
                ),
            ]
            for index in divergences.indices {
                guard found.allSatisfy({ $0.1[index].allSatisfy(\.isFinite) }) else {
                    throw AnalysisError.notFinite(
                        sample: samples.samples[index].id, model: "student \(place + 1)")
                }
                divergences[index].append(
                    Dictionary(uniqueKeysWithValues: found.map { ($0, $1[index]) }))
            }
        }
        return zip(zip(prompts, samples.samples), divergences).map {
            ExposureRecord(number: $0.0.number, id: $0.1.id, divergences: $1)
        }
    }

    /// Continues each prompt once.
    private func sample(_ walker: Walker, _ questions: AlignmentBatch, _ beforeStep: () throws -> Void) throws
        -> [[Int32]]
    {
        let embedded = try questions.embeddings(walker.model, features: walker.features).data
        var generation = GenerationSettings(
            maximumNewTokens: settings.length, endOfSequenceIDs: endOfSequenceIDs,
            sampling: .random(temperature: 1, topP: 1, seed: settings.seed), slots: settings.slots)
        generation.vocabulary = common
        var responses = questions.samples.map { _ in [Int32]() }
        try walker.model.language.generate(
            count: responses.count, settings: generation, stream: { questions.samples[$0].key },
            beforeStep: beforeStep, prompt: { Prompt(Value(embedded.rows(questions.rows(of: $0)))) },
            finished: { responses[$0] = $1.ids })
        return responses
    }
}

/// A model on the samples of a chunk; its tower looks at their pictures once.
private struct Walker {
    let model: LlavaModel
    let features: Value?

    init(_ model: LlavaModel, _ samples: AlignmentBatch) throws {
        try samples.validate(for: model)
        self.model = model
        if case .none = samples.images {
            features = nil
        } else {
            features = try samples.images.features(model)
        }
    }

    func states(_ batch: AlignmentBatch) throws -> ResponseStates {
        try ResponseStates(model, batch, features: features)
    }
}
