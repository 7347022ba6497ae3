import Autograd
import CKernels
import Foundation
import Models
import Ranks
import Settings
import Tensors

/// AdamW with decoupled decay (Loshchilov and Hutter 2019), as PyTorch computes it
/// (docs/objective.md, Optimizer and schedule).
public final class AdamW {
    /// Settings of the optimizer.
    public struct Settings: Recipe, Equatable {
        @Setting("Peak of the schedule of the learning rate.", in: Bounds.above(0, to: 1))
        public var learningRate = 2e-5
        @Setting("Decay of the first moment.", in: 0..<1) public var beta1 = 0.9
        @Setting("Decay of the second moment.", in: 0..<1) public var beta2 = 0.999
        @Setting("Added to the root of the second moment.", in: Bounds.above(0)) public var epsilon = 1e-8
        @Setting(
            "Weight decay of parameters with two or more dimensions; biases and norm weights have none.",
            in: 0...1000)
        public var weightDecay = 0.0
        @Setting("Rates of single parts of the model.") public var parts = PartRates()
        @Setting(
            "Layer i of the language model's L learns at layer_decay^(L - i) of its rate, the embeddings at "
                + "layer_decay^(L + 1), norm and head at all of it; 1: all alike.", in: Bounds.above(0, to: 1)
        )
        public var layerDecay = 1.0
        @Setting("Largest global norm of the gradient; 0 does not clip.", in: 0...) public var clip = 1.0

        public init() {}
    }

    /// The parameters that are updated.
    public let parameters: [Parameter]
    private let settings: Settings
    /// Of each parameter.
    private let rates: [ParameterRate]
    let ranks: Ranks
    /// Which of the parameters' elements this rank updates.
    let shares: ParameterShares
    /// m and v of these elements.
    let first: Tensor, second: Tensor
    /// Steps that were made.
    public private(set) var steps = 0

    /// - Parameters:
    ///   - layers: of the language model, for `layerDecay`
    ///   - ranks: processes that hold the same parameters, of which each updates a share
    public init(_ parameters: [Parameter], settings: Settings, layers: Int = 0, ranks: Ranks = .alone) {
        precondition(settings.layerDecay == 1 || layers > 0, "AdamW: layerDecay of \(layers) layers")
        (self.parameters, self.settings, self.ranks) = (parameters, settings, ranks)
        rates = parameters.map {
            ParameterRate(
                name: $0.name, dimensions: $0.value.shape.count, settings, layers: layers)
        }
        shares = ParameterShares(parameters.map(\.value.count), ranks: ranks.count)
        first = Tensor(zeros: [shares.counts[ranks.rank]])
        second = Tensor(zeros: first.shape)
    }

    /// Elements that this rank updates.
    var ownElements: Int { first.count }

    /// Takes what the backward passes have left in the parameters; zeros where none arrived.
    public func takeGradient() -> StepGradient {
        .whole(parameters.map { $0.value.takeGradient() ?? Tensor(zeros: $0.value.shape) })
    }

    /// L2 norms of a gradient: of all of it, and of the parts of the model.
    public struct Norms {
        public var all = 0.0
        public var parts: [ModelPart: Double] = [:]
    }

    /// Norms over all ranks' shares.
    ///
    /// - Throws: `RanksError`
    public func norms(_ gradient: StepGradient) throws -> Norms {
        let own = shares.pieces(of: ranks.rank)
        nonisolated(unsafe) let gradient = gradient
        let squares = parallelMap(own.count) { number in
            ck_sum_of_squares(gradient.pointer(to: own[number]), own[number].range.count)
        }
        // By piece, so that the sums are the same however many ranks there are.
        var norms = Norms()
        let all = try ranks.gather(squares)
        var next = Array(repeating: 0, count: ranks.count)
        for piece in shares.pieces {
            let square = all[piece.rank][next[piece.rank]]
            next[piece.rank] += 1
            norms.all += square
            norms.parts[ModelPart(name: parameters[piece.parameter].name), default: 0] += square
        }
        norms.all.formSquareRoot()
        norms.parts = norms.parts.mapValues { $0.squareRoot() }
        return norms
    }

    /// Updates every parameter of this rank's share, and takes over those of the others.
    ///
    /// - Parameters:
    ///   - learningRate: of this step; parameters with a rate of their own have as much of it as this is of
    ///     the peak
    ///   - gradientScale: of clipping, `min(1, clip / (norm + 1e-6))`
    /// - Throws: `RanksError`
    public func step(_ gradient: StepGradient, learningRate: Double, gradientScale: Double = 1) throws {
        steps += 1
        let unbiased = 1 - pow(settings.beta1, Double(steps))
        let correction = 1 / (1 - pow(settings.beta2, Double(steps))).squareRoot()
        let settings = settings
        let rates = rates.map { own in
            let rate = learningRate * own.factor
            return (step: Float(rate / unbiased), decay: Float(rate * own.weightDecay))
        }
        let updates = shares.pieces(of: ranks.rank).map { piece in
            let value = parameters[piece.parameter].value
            return Update(
                p: value.data.pointer + piece.range.lowerBound,
                half: value.half.map { $0.pointer + piece.range.lowerBound },
                gradient: gradient.pointer(to: piece),
                moments: piece.offset,
                stepSize: rates[piece.parameter].step, decay: rates[piece.parameter].decay,
                count: piece.range.count)
        }
        let (first, second) = (first, second)
        parallelTasks(updates.count) { number in
            let u = updates[number]
            ck_adamw(
                u.p, u.gradient, first.pointer + u.moments, second.pointer + u.moments,
                Float(gradientScale), Float(settings.beta1), Float(settings.beta2), u.stepSize,
                Float(correction), Float(settings.epsilon), u.decay, u.count)
            // While the new values are in the processor's cache.
            if let half = u.half { ck_to_bfloat16(u.p, half, u.count) }
        }
        try exchangeWeights()
    }

    private struct Update: @unchecked Sendable {
        let p: UnsafeMutablePointer<Float>
        let half: UnsafeMutablePointer<UInt16>?
        let gradient: UnsafeMutablePointer<Float>
        /// Place in the moments.
        let moments: Int
        let stepSize, decay: Float
        let count: Int
    }

    package func restore(steps: Int) { self.steps = steps }
}
