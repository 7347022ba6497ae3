import Files
import Foundation
import Stage
import Training

extension TrainStudent {
    /// What the training will take, for people and with --json for programs.
    func printPlan(_ plan: TrainingPlan) {
        let own = ResourceUsage.ownBytes
        func gigabytes(_ bytes: Int) -> String { String(format: "%.3g GB", Double(bytes) / 1e9) }
        func hours(_ seconds: Double) -> String { String(format: "%.3g", seconds / 3600) }
        let parts = plan.weightBytes + plan.teacherBytes + plan.gradientBytes + plan.momentBytes
        let mapped =
            plan.mappedBytes == 0
            ? "" : ", and \(gigabytes(plan.mappedBytes)) of weights in files, of which memory is a cache"
        let each = plan.seconds / Double(max(1, plan.steps))
        let several = Self.processes(plan.lanes).map { "\($0): \(hours(plan.seconds(processes: $0))) h" }
        let lines = [
            "\(plan.steps) steps, \(plan.samples) samples, \(plan.tokens) tokens; "
                + "\(plan.parameters) parameters, \(plan.trained) learn",
            "memory: weights \(gigabytes(plan.weightBytes)), teacher \(gigabytes(plan.teacherBytes)), "
                + "gradients \(gigabytes(plan.gradientBytes)), moments \(gigabytes(plan.momentBytes)), "
                + "the rest \(gigabytes(max(0, own - parts))) at the longest step; "
                + "\(gigabytes(own)) in all\(mapped)",
            "disk: \(plan.checkpoints) checkpoints of \(gigabytes(plan.checkpointBytes)) at most, states "
                + "\(gigabytes(plan.stateBytes)) while it trains",
            String(
                format: "a step: %.3g s and %.3g TFLOP, by steps %@ (%@ s)", each, plan.teraflop,
                plan.measured.map { "\($0)" }.joined(separator: " "),
                plan.measuredSeconds.map { String(format: "%.3g", $0) }.joined(separator: " ")),
            "all steps: \(hours(plan.seconds)) h"
                + (several.isEmpty
                    ? ""
                    : "; with processes on machines like this one, network left out, "
                        + several.joined(separator: ", ")
                        + "; two would each send \(gigabytes(plan.exchangedBytes)) a step"),
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

    /// Powers of two that the lanes have work for.
    private static func processes(_ lanes: Int) -> [Int] {
        Array(sequence(first: 2) { $0 * 2 }.prefix { $0 <= min(lanes, 1 << 20) })
    }
}
