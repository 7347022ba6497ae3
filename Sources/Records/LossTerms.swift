/// The four terms of Eq. 8, in nats: as weights of the objective, or as values of a step.
public struct LossTerms: Sendable, Equatable, Codable {
    public var sft, iva, kd, tpa: Double

    public init(sft: Double = 0, iva: Double = 0, kd: Double = 0, tpa: Double = 0) {
        (self.sft, self.iva, self.kd, self.tpa) = (sft, iva, kd, tpa)
    }

    public static func + (a: LossTerms, b: LossTerms) -> LossTerms {
        LossTerms(sft: a.sft + b.sft, iva: a.iva + b.iva, kd: a.kd + b.kd, tpa: a.tpa + b.tpa)
    }

    /// Sum of weight times value.
    public func weighted(by weights: LossTerms) -> Double {
        weights.sft * sft + weights.iva * iva + weights.kd * kd + weights.tpa * tpa
    }

    /// Whether any term compares the student with a teacher.
    public var needsTeacher: Bool { iva != 0 || kd != 0 || tpa != 0 }
}
