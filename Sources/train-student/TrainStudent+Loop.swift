import Files
import Foundation
import Records
import Stage
import Training

extension TrainStudent {
    /// Runs the steps, and says how they go.
    func train(
        _ trainer: Trainer, _ run: StageRun, _ output: URL, _ checkpoints: Checkpoints?, log: TensorBoardLog?
    ) throws {
        var checkpoints = checkpoints
        let interruption = Interruption()
        let isInterrupted = { interruption.isRequested }
        // `saveAndHalt` is made for a second thread.
        nonisolated(unsafe) let training = trainer
        interruption.endsProcess("train-student") {
            guard let steps = try training.saveAndHalt() else {
                return training.isFinished
                    ? "the steps are done; run the same command to write the checkpoint"
                    : "no step is done yet; run the same command again"
            }
            return steps == 0
                ? "no step is done yet; run the same command to begin again"
                : "the state of \(steps) steps is saved in \(output.path); run the same command to go on"
        }
        var progress = ProgressReporter("training", total: trainer.steps, unit: "steps")
        let finished = try trainer.run(in: output, run: run.identity.text, stop: isInterrupted) { event in
            switch event {
            case .setAside(let path, let problem):
                StandardError.write(
                    "train-student: warning: \(path): \(problem); set aside as \(path).damaged, going on "
                        + "from the state before it, or from the start where there is none")
            case .beginning: try checkpoints?.beginAnew()
            case .resumed(let step):
                StandardError.write("train-student: going on after step \(step)")
                progress = ProgressReporter("training", total: trainer.steps, done: step, unit: "steps")
            case .warning(let text): StandardError.write("train-student: warning: \(text)")
            case .step(let line):
                let t = line.terms
                try log?.append(line)
                try checkpoints?.stepMade(line.step + 1)
                progress.advance(
                    value: line.loss,
                    suffix: String(
                        format: "loss %.3f (sft %.3f iva %.3f kd %.3f tpa %.3f)", line.loss, t.sft, t.iva,
                        t.kd, t.tpa))
            case .stateWritten: try log?.synchronize()
            case .validated(let steps, let found, let isBest):
                var lines = found.lines(after: steps)
                if isBest { lines[0] += " (best so far)" }
                StandardError.write("train-student: \(lines.joined(separator: "\n"))")
                try checkpoints?.validated(after: steps, isBest: isBest)
            }
        }
        progress.finish()
        guard finished else {
            throw StageError.interrupted(
                "the state is saved in \(output.path); run the same command to go on")
        }
    }
}
