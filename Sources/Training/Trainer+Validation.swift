import Foundation
import Records

extension Trainer {
    /// Looks of one run at the held-back samples. The first process keeps them.
    struct Looks {
        let validation: Validation
        let settings: ValidationSettings
        let file: ValidationFile?
        private var hasCompared = false

        init(_ validation: Validation, _ settings: ValidationSettings, file: ValidationFile?) {
            (self.validation, self.settings, self.file) = (validation, settings, file)
        }

        /// Whether the samples are looked at after so many steps of a run.
        func isDue(after steps: Int, of all: Int) -> Bool { steps % settings.every == 0 || steps == all }

        /// Whether that has been done.
        func isKnown(after steps: Int) -> Bool { file?.looks.contains { $0.steps == steps } ?? false }

        /// Looks, writes down what was found, and reports it, with a warning where there is cause.
        mutating func look(after steps: Int, report: (Event) throws -> Void) throws {
            let found = try validation()
            guard let file else { return }
            try file.append(ValidationFile.Look(steps: steps, found: found, of: validation.identity))
            try report(.validated(steps: steps, found, isBest: file.looks.best?.steps == steps))
            let rises = file.looks.rises
            if rises >= settings.patience {
                try report(
                    .warning(
                        "the held-back loss has risen \(rises) looks in a row, to \(Float(found.loss)) after "
                            + "\(steps) steps"
                            + (file.looks.best.map {
                                "; it was lowest, \(Float($0.found.loss)), after \($0.steps)"
                            } ?? "")))
            }
            if !hasCompared, let teacher = found.teacher, teacher.crossEntropy > found.terms.sft {
                hasCompared = true
                try report(
                    .warning(
                        "the teacher predicts the held-back responses worse than the student does "
                            + "(\(Float(teacher.crossEntropy)) nats a token, the student "
                            + "\(Float(found.terms.sft)) after \(steps) steps): it has little to teach"
                    ))
            }
        }
    }
}
