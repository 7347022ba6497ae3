import CKernels

/// What a row's distributions say of the token that follows, for those who look on; no loss reads it.
public struct RowObservation: Sendable {
    /// Entropies, nats.
    public var entropy = 0.0, teacherEntropy = 0.0
    /// Whether the token is the most probable one.
    public var isRight = false, teacherIsRight = false
    /// -log P of the token by the teacher, nats.
    public var teacherCrossEntropy = 0.0
    /// Whether student and teacher find the same token most probable; nil without a teacher.
    public var agrees: Bool?

    /// - Parameters:
    ///   - label: the token
    ///   - student: its logits, and their log-sum-exp
    ///   - teacher: of the ids that both know; nil where there is none
    init(
        label: Int32, student: (logits: UnsafeMutablePointer<Float>, count: Int, logSum: Float),
        teacher: (logits: UnsafeMutablePointer<Float>, count: Int, logSum: Float)?
    ) {
        let best = ck_argmax(student.logits, student.count)
        isRight = best == Int(label)
        entropy = ck_entropy(student.logits, student.logSum, student.count)
        guard let teacher else { return }
        let taught = ck_argmax(teacher.logits, teacher.count)
        teacherIsRight = taught == Int(label)
        teacherEntropy = ck_entropy(teacher.logits, teacher.logSum, teacher.count)
        // A token that only the student knows has no probability by the teacher.
        teacherCrossEntropy =
            Int(label) < teacher.count ? Double(teacher.logSum - teacher.logits[Int(label)]) : .infinity
        agrees = best == taught
    }
}
