import Foundation
import Settings

/// Learning rate by step.
public struct LearningRateSchedule: Sendable, Equatable {
    /// Course of the rate after the warm-up.
    public enum Shape: String, Sendable, Codable, CaseIterable {
        /// Half a cosine down to 0 (the paper's).
        case cosine
        /// Constant to 80 % of the steps, then linear to 5 %.
        case constantThenLinear = "constant_then_linear"
    }

    /// Settings of the schedule, apart from peak and steps.
    public struct Settings: Recipe, Equatable {
        @Setting(
            "Half a cosine down to 0, or constant to 80 % of the steps and then linear to 5 %.")
        public var shape = Shape.cosine
        @Setting("Share of the steps in which the rate rises from 0.", in: 0...1)
        public var warmupRatio = 0.03

        public init() {}
    }

    /// Course after the warm-up.
    public let shape: Shape
    /// Highest rate.
    public let peak: Double
    /// Steps of the run.
    public let steps: Int
    /// Steps over which the rate rises from 0.
    public let warmupSteps: Int

    /// - Parameter warmupRatio: share of the steps, rounded up
    public init(shape: Shape, peak: Double, steps: Int, warmupRatio: Double) {
        (self.shape, self.peak, self.steps) = (shape, peak, steps)
        warmupSteps = min(steps, Int((warmupRatio * Double(steps)).rounded(.up)))
    }

    public init(_ settings: Settings, peak: Double, steps: Int) {
        self.init(shape: settings.shape, peak: peak, steps: steps, warmupRatio: settings.warmupRatio)
    }

    /// Rate of a step, counted from 0: the first of a warm-up has rate 0 (docs/objective.md, Optimizer and
    /// schedule).
    public func rate(at step: Int) -> Double {
        if step < warmupSteps { return peak * Double(step) / Double(warmupSteps) }
        switch shape {
        case .cosine:
            return peak * 0.5
                * (1 + cos(.pi * Double(step - warmupSteps) / Double(max(1, steps - warmupSteps))))
        case .constantThenLinear:
            let progress = Double(step) / Double(max(1, steps))
            return progress < 0.8 ? peak : peak * (1 - 0.95 * (progress - 0.8) / 0.2)
        }
    }
}
