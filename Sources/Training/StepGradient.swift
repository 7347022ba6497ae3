import Tensors

/// d loss / d parameters of one optimizer step: of all parameters, or of the elements that one rank updates.
public enum StepGradient {
    /// One tensor for each parameter.
    case whole([Tensor])
    /// The elements of a rank, as `ParameterShares` lays them.
    case share(Tensor)

    func pointer(to piece: ParameterShares.Piece) -> UnsafeMutablePointer<Float> {
        switch self {
        case .whole(let tensors): tensors[piece.parameter].pointer + piece.range.lowerBound
        case .share(let tensor): tensor.pointer + piece.offset
        }
    }
}
