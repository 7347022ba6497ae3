import Records

/// Where a run's KD and IVA take the teacher's distributions from.
public struct TeacherSources: Sendable, Equatable {
    public enum Source: String, Sendable { case loop, cache }

    /// Of the response rows, and of the visual rows with their weights alpha.
    public let kd, iva: Source

    /// The cheaper choice.
    ///
    /// TPA has the teacher in the loop and needs its logits at every response row, for candidates that equal
    /// the ground truth: KD gets them there for nothing, and over the whole vocabulary. The visual rows would
    /// cost the teacher's head N_v times more, and its attention weights: those come from the cache, where
    /// there is one.
    public init(weights: LossTerms, hasCache: Bool) {
        iva = hasCache ? .cache : .loop
        kd = hasCache && weights.tpa == 0 ? .cache : .loop
    }
}
