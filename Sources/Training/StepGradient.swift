import Tensors

/// d loss / d parameters of one optimizer step: of all parameters, or of the elements that one rank updates.
public enum StepGradient {
    /// One tensor for each parameter.
    case whole([Tensor])
    /// The elements of a rank, of which the first is number `start` among those of all parameters.
    case share(Tensor, start: Int)

    func pointer(to piece: ParameterShares.Piece) -> UnsafeMutablePointer<Float> {
        switch self {
        case .whole(let tensors): tensors[piece.parameter].pointer + piece.range.lowerBound
        case .share(let tensor, let start): tensor.pointer + (piece.start - start)
        }
    }
}
