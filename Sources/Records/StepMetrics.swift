import Foundation

/// One line of metrics.jsonl: an optimizer step and its cost.
public struct StepMetrics: Codable, Sendable {
    /// Number of the step, from 0.
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
    /// Norm of all gradients before clipping.
    public var gradientNorm = 0.0
    /// Candidates drawn, those equal to the ground truth, and rows run for the others.
    public var candidatesDrawn = 0, candidatesMerged = 0, candidateRows = 0
    /// Samples whose responses were the student's own.
    public var onPolicySamples = 0
    /// Samples times forward passes they were in, and the rows of these passes, of this step.
    public var studentPasses = 0, studentRows = 0, teacherPasses = 0, teacherRows = 0
    public var seconds = PartSeconds()
    public var tokensPerSecond = 0.0
    public var residentBytes = 0
    /// The same by part of the model that learns; absent in files of earlier versions.
    public var partNorms: [String: Double]?
    /// The terms by source of a mixture; absent where the data have one source.
    public var sources: [String: SourceTerms]?
    /// The exchange of gradients between processes; absent where there is one process.
    public var exchange: Exchange?
    /// Why the step has left the weights as they were; absent where it has not.
    public var skipped: Skip?
    /// IDs of the samples of a step that was skipped, or whose loss was far above those before it; absent
    /// otherwise.
    public var sampleIds: [String]?

    public init() {}

    /// What was not a finite number.
    public enum Skip: String, Codable, Sendable { case loss, gradient }

    /// The exchange of gradients between processes, which begins during the backward pass of the last lane.
    public struct Exchange: Codable, Sendable {
        /// Seconds that it took, and those of them that the process waited for it, with nothing to compute.
        public var seconds: Double, waited: Double

        public init(seconds: Double, waited: Double) { (self.seconds, self.waited) = (seconds, waited) }
    }

    /// Seconds of the parts of a step.
    public struct PartSeconds: Codable, Sendable {
        public var data = 0.0
        /// Time of sampling responses from the student.
        public var generation = 0.0
        public var teacher = 0.0
        public var student = 0.0
        public var backward = 0.0
        public var optimizer = 0.0
        public var total: Double { data + generation + teacher + student + backward + optimizer }

        public init() {}
    }

    /// The counts that are summed or compared, by name in a line.
    var counts: [(field: String, count: Int)] {
        [
            ("step", step), ("total_steps", totalSteps), ("samples", samples), ("tokens", tokens),
            ("supervised_tokens", supervisedTokens), ("candidates_drawn", candidatesDrawn),
            ("candidates_merged", candidatesMerged), ("candidate_rows", candidateRows),
            ("on_policy_samples", onPolicySamples), ("student_passes", studentPasses),
            ("student_rows", studentRows), ("teacher_passes", teacherPasses), ("teacher_rows", teacherRows),
        ] + (sources ?? [:]).map { ("sources.\($0.key).samples", $0.value.samples) }
    }

    /// Resident memory of this process, bytes; 0 where the system does not tell.
    package static var residentBytes: Int {
        guard let line = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
        return (line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0)
            * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}
