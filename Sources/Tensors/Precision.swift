import CDNNL

/// The numbers that matrix products multiply; they are always summed in float32, those of int8 first in whole
/// numbers.
public enum Precision: String, Sendable, Codable, CaseIterable {
    case fp32, bf16
    /// Frozen weights in 8 bits, and activations rounded as they come (`ByteMatrix`); what is no product with
    /// a weight is in bf16.
    case int8

    /// Precision that this processor computes in: without bf16 instructions, float32 is faster and more
    /// exact; without those for int8, bf16 is.
    public var supported: Precision {
        switch self {
        case .fp32: .fp32
        case .bf16: Self.processorHasBF16 ? .bf16 : .fp32
        case .int8: Self.processorHasInt8 ? .int8 : Precision.bf16.supported
        }
    }

    /// Of products of two activations, and of whatever learns.
    public var ofActivations: Precision { self == .int8 ? Precision.bf16.supported : supported }

    private static let processorHasBF16 = cdnnl_has_bf16() != 0
    private static let processorHasInt8 = cdnnl_has_vnni() != 0
}
