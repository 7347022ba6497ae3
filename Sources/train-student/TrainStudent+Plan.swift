import Files
import Foundation
import Stage
import Training

extension TrainStudent {
    /// What the training will take, for people and with --json for programs.
    func printPlan(_ plan: TrainingPlan) {
        let own = ResourceUsage.ownBytes
        let each = plan.seconds / Double(max(1, plan.steps))
        let lines = [
            "\(plan.steps) steps, \(plan.samples) samples, \(plan.tokens) tokens; "
                + "\(plan.parameters) parameters, \(plan.trained) learn",
            Plans.memory(
                [
                    ("weights", plan.weightBytes), ("teacher", plan.teacherBytes),
                    ("gradients", plan.gradientBytes), ("moments", plan.momentBytes),
                ], mapped: plan.mappedBytes, own: own, rest: "the rest at the longest step"),
            "disk: \(plan.checkpoints) checkpoints of \(Plans.gigabytes(plan.checkpointBytes)) at most, "
                + "states \(Plans.gigabytes(plan.stateBytes)) while it trains",
            String(
                format: "a step: %.3g s and %.3g TFLOP, by steps %@ (%@ s)", each, plan.teraflop,
                plan.measured.map { "\($0)" }.joined(separator: " "),
                plan.measuredSeconds.map { String(format: "%.3g", $0) }.joined(separator: " ")),
            Plans.hours("all steps", limit: plan.lanes) { plan.seconds(processes: $0) / 3600 }
                + (plan.lanes > 1
                    ? "; two would each send \(Plans.gigabytes(plan.exchangedBytes)) a step" : ""),
        ]
        if !configuration.json { print(lines.joined(separator: "\n")) }
        configuration.printSummary([
            "steps": .int(plan.steps), "samples": .int(plan.samples), "tokens": .int(plan.tokens),
            "parameters": .int(plan.parameters), "trained": .int(plan.trained),
            "weight_bytes": .int(plan.weightBytes), "teacher_bytes": .int(plan.teacherBytes),
            "gradient_bytes": .int(plan.gradientBytes), "moment_bytes": .int(plan.momentBytes),
            "mapped_bytes": .int(plan.mappedBytes), "peak_bytes": .int(own),
            "checkpoint_bytes": .int(plan.checkpointBytes),
            "state_bytes": .int(plan.stateBytes), "teraflop": .number(plan.teraflop),
            "seconds": .number(plan.seconds), "exchanged_bytes": .int(plan.exchangedBytes),
        ])
    }
}
