/// The four terms of Eq. 8, in nats: as weights of the objective, or as values of a step.
public struct LossTerms: Sendable, Equatable, Codable {
    /// Names of the terms as files and recipes have them, in the order of Eq. 8.
    public enum Name: String, CaseIterable, Sendable { case sft, iva, kd, tpa }

    public var sft, iva, kd, tpa: Double

    public init(sft: Double = 0, iva: Double = 0, kd: Double = 0, tpa: Double = 0) {
        (self.sft, self.iva, self.kd, self.tpa) = (sft, iva, kd, tpa)
    }

    public subscript(name: Name) -> Double {
        switch name {
        case .sft: sft
        case .iva: iva
        case .kd: kd
        case .tpa: tpa
        }
    }

    public static func + (a: LossTerms, b: LossTerms) -> LossTerms {
        LossTerms(sft: a.sft + b.sft, iva: a.iva + b.iva, kd: a.kd + b.kd, tpa: a.tpa + b.tpa)
    }

    /// Sum of weight times value.
    public func weighted(by weights: LossTerms) -> Double {
        Name.allCases.reduce(0) { $0 + weights[$1] * self[$1] }
    }

    /// Whether any term compares the student with a teacher.
    public var needsTeacher: Bool { iva != 0 || kd != 0 || tpa != 0 }

    /// Whether any term can be had from cached teacher outputs.
    public var readsOutputs: Bool { iva != 0 || kd != 0 }
}
