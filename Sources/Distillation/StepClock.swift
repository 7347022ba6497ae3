/// Forward passes of the two language models, counted where they are run.
///
/// A sample counts once for every pass it is in; the rows are those of the passes (tokens, visual ones
/// included). The branches of TPA are a pass of their own, of their own few rows. With `recompute` the
/// student's rows are run once more for the gradient.
public struct ForwardPasses: Sendable, Equatable, Codable {
    /// Samples in passes of the student.
    public var studentSamples = 0
    /// Rows of these passes.
    public var studentRows = 0
    /// Samples in passes of the teacher.
    public var teacherSamples = 0
    /// Rows of these passes.
    public var teacherRows = 0

    public init() {}

    /// Passes of two parts of a step.
    public static func + (a: ForwardPasses, b: ForwardPasses) -> ForwardPasses {
        var sum = a
        sum.studentSamples += b.studentSamples
        sum.studentRows += b.studentRows
        sum.teacherSamples += b.teacherSamples
        sum.teacherRows += b.teacherRows
        return sum
    }
}

/// Meter beside the losses, which counts the forward passes of both language models and takes the time of the
/// teacher's.
public final class StepClock {
    /// Forward passes so far.
    public private(set) var passes = ForwardPasses()
    /// Wall time of the teacher's forward passes.
    public private(set) var teacherSeconds = 0.0

    public init() {}

    /// - Parameter recomputes: whether the rows are run once more for the gradient
    func student<Result>(samples: Int, rows: Int, recomputes: Bool, _ pass: () throws -> Result) rethrows
        -> Result
    {
        let times = recomputes ? 2 : 1
        passes.studentSamples += times * samples
        passes.studentRows += times * rows
        return try pass()
    }

    func teacher<Result>(samples: Int, rows: Int, _ pass: () throws -> Result) rethrows -> Result {
        let start = ContinuousClock.now
        defer { teacherSeconds += (ContinuousClock.now - start) / .seconds(1) }
        passes.teacherSamples += samples
        passes.teacherRows += rows
        return try pass()
    }
}
