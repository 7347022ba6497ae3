/// Forward passes of the two language models, counted where they are run.
///
/// A sample counts once for every pass it is in; the rows are those of the passes (tokens, visual ones
/// included). The branches of TPA are a pass of their own, of their own few rows. With `recompute` the
/// student's rows are run once more for the gradient.
public struct ForwardPasses: Sendable, Equatable {
    public var studentSamples = 0
    public var studentRows = 0
    public var teacherSamples = 0
    public var teacherRows = 0

    public init() {}

    mutating func addStudent(samples: Int, rows: Int, times: Int = 1) {
        studentSamples += times * samples
        studentRows += times * rows
    }

    mutating func addTeacher(samples: Int, rows: Int) {
        teacherSamples += samples
        teacherRows += rows
    }

    public static func + (a: ForwardPasses, b: ForwardPasses) -> ForwardPasses {
        var sum = a
        sum.addStudent(samples: b.studentSamples, rows: b.studentRows)
        sum.addTeacher(samples: b.teacherSamples, rows: b.teacherRows)
        return sum
    }
}
