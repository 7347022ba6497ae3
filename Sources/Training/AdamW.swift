import Autograd
import CKernels
import Foundation
import Models
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
            in: 0...)
        public var weightDecay = 0.0
        @Setting("Rates of single parts of the model.") public var parts = PartRates()
        @Setting("Largest global norm of the gradient; 0 does not clip.", in: 0...) public var clip = 1.0

        public init() {}
    }

    /// The parameters that are updated.
    public let parameters: [Parameter]
    private let settings: Settings
    /// Stretches of parameters, of which one thread updates one at a time: small models have many small ones.
    private let pieces: [(parameter: Int, range: Range<Int>)]
    private var first: [Tensor]  // m
    private var second: [Tensor]  // v
    /// Steps that were made.
    public private(set) var steps = 0

    public init(_ parameters: [Parameter], settings: Settings) {
        self.parameters = parameters
        self.settings = settings
        first = parameters.map { Tensor(zeros: $0.value.shape) }
        second = first.map { Tensor(zeros: $0.shape) }
        let most = 1 << 15
        pieces = parameters.enumerated().flatMap { index, parameter in
            stride(from: 0, to: parameter.value.count, by: most).map {
                (index, $0..<min($0 + most, parameter.value.count))
            }
        }
    }

    /// Global L2 norm of the gradients; parameters that none reached count as zero.
    public var gradientNorm: Double {
        parameters.reduce(0) { $0 + ($1.value.gradient?.sumOfSquares ?? 0) }.squareRoot()
    }

    /// Updates every parameter from its gradient and clears it. A parameter that no gradient reached moves by
    /// its momentum.
    ///
    /// - Parameters:
    ///   - learningRate: of this step; parts with a rate of their own have as much of it as this is of the
    ///     peak
    ///   - gradientScale: of clipping, `min(1, clip / (norm + 1e-6))`
    public func step(learningRate: Double, gradientScale: Double = 1) {
        steps += 1
        let unbiased = 1 - pow(settings.beta1, Double(steps))
        let correction = 1 / (1 - pow(settings.beta2, Double(steps))).squareRoot()
        let (pieces, settings) = (pieces, settings)
        let updates = parameters.enumerated().map { index, parameter in
            let (value, own) = (parameter.value, settings.parts[ModelPart(name: parameter.name)])
            let rate = learningRate * (own.learningRate.map { $0 / settings.learningRate } ?? 1)
            let decay = value.shape.count >= 2 ? rate * (own.weightDecay ?? settings.weightDecay) : 0
            return Update(
                p: value.data, half: value.half, gradient: value.gradient ?? Tensor(zeros: value.shape),
                m: first[index], v: second[index], stepSize: Float(rate / unbiased), decay: Float(decay))
        }
        parallelTasks(pieces.count) { number in
            let (u, range) = (updates[pieces[number].parameter], pieces[number].range)
            let at = range.lowerBound
            ck_adamw(
                u.p.pointer + at, u.gradient.pointer + at, u.m.pointer + at, u.v.pointer + at,
                Float(gradientScale), Float(settings.beta1), Float(settings.beta2), u.stepSize,
                Float(correction), Float(settings.epsilon), u.decay, range.count)
            // While the new values are in the processor's cache.
            if let half = u.half { ck_to_bfloat16(u.p.pointer + at, half.pointer + at, range.count) }
        }
        clearGradients()
    }

    /// Forgets the gradients of a step that is not made.
    func clearGradients() {
        for parameter in parameters { parameter.value.clearGradient() }
    }

    private struct Update: Sendable {
        let p: Tensor
        let half: HalfTensor?
        let gradient, m, v: Tensor
        let stepSize: Float
        let decay: Float
    }

    /// Everything a resume needs besides the parameters: name, m, v.
    package var moments: [(name: String, first: Tensor, second: Tensor)] {
        parameters.indices.map { (parameters[$0].name, first[$0], second[$0]) }
    }

    package func restore(steps: Int) { self.steps = steps }
}
