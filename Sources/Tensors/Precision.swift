import CDNNL

/// The numbers that matrix products multiply; they are always summed in float32.
public enum Precision: String, Sendable, Codable, CaseIterable {
    case fp32, bf16

    /// Precision that this processor computes in: without bf16 instructions, float32 is faster and more
    /// exact.
    public var supported: Precision { self == .bf16 && Self.processorHasBF16 ? .bf16 : .fp32 }

    private static let processorHasBF16 = cdnnl_has_bf16() != 0
}
