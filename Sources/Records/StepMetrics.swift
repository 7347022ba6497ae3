import Foundation

/// One line of metrics.jsonl: what an optimizer step was and cost.
public struct StepMetrics: Codable, Sendable {
    /// 0-based.
    public var step = 0
    /// Steps of the whole run, for those who watch it.
    public var totalSteps = 0
    /// Samples seen so far, this step's included.
    public var samples = 0
    /// Tokens of this step's samples, visual ones included, and those of them that are supervised.
    public var tokens = 0, supervisedTokens = 0
    public var learningRate = 0.0
    /// Weighted sum of the terms, nats.
    public var loss = 0.0
    public var terms = LossTerms()
    /// Before clipping.
    public var gradientNorm = 0.0
    /// Candidates drawn, those equal to the ground truth, and rows run for the others.
    public var candidatesDrawn = 0, candidatesMerged = 0, candidateRows = 0
    /// Samples whose responses were the student's own.
    public var onPolicySamples = 0
    /// Of this step: samples times forward passes they were in, and the rows of these passes.
    public var studentPasses = 0, studentRows = 0, teacherPasses = 0, teacherRows = 0
    public var seconds = PartSeconds()
    public var tokensPerSecond = 0.0
    public var residentBytes = 0

    public init() {}

    public struct PartSeconds: Codable, Sendable {
        public var data = 0.0
        /// Sampling responses from the student.
        public var generation = 0.0
        public var teacher = 0.0
        public var student = 0.0
        public var backward = 0.0
        public var optimizer = 0.0
        public var total: Double { data + generation + teacher + student + backward + optimizer }

        public init() {}

        /// Lines written before there was sampling from the student do not name it.
        public init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: CodingKeys.self)
            data = try fields.decode(Double.self, forKey: .data)
            generation = try fields.decodeIfPresent(Double.self, forKey: .generation) ?? 0
            teacher = try fields.decode(Double.self, forKey: .teacher)
            student = try fields.decode(Double.self, forKey: .student)
            backward = try fields.decode(Double.self, forKey: .backward)
            optimizer = try fields.decode(Double.self, forKey: .optimizer)
        }
    }

    private enum CodingKeys: String, CodingKey {
        case step, samples, tokens, loss, terms, seconds
        case totalSteps = "total_steps"
        case supervisedTokens = "supervised_tokens"
        case learningRate = "learning_rate"
        case gradientNorm = "gradient_norm"
        case candidatesDrawn = "candidates_drawn"
        case candidatesMerged = "candidates_merged"
        case candidateRows = "candidate_rows"
        case onPolicySamples = "on_policy_samples"
        case studentPasses = "student_passes"
        case studentRows = "student_rows"
        case teacherPasses = "teacher_passes"
        case teacherRows = "teacher_rows"
        case tokensPerSecond = "tokens_per_second"
        case residentBytes = "resident_bytes"
    }

    /// Resident memory of this process, bytes; 0 where the system does not tell.
    package static var residentBytes: Int {
        guard let line = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
        return (line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0)
            * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}
