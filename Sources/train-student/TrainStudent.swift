import ArgumentParser
import Distillation
import Files
import Foundation
import Models
import Shards
import Stage
import Tensors
import Training

struct TrainStudent: ParsableCommand {
    static let configuration = StageHelp.configuration(
        "train-student", abstract: "Train a student by SFT, KD, IVA and TPA; or a projector; or a teacher.",
        discussion: """
            The recipe's weights say what is learnt: SFT alone trains a teacher or a projector, all four are Align-TI. KD and IVA read the
            cache where --teacher-outputs is given, else the teacher in the loop; TPA needs --teacher. An interrupted run goes on where
            it stopped.
            """,
        example:
            "train-student --config train.yaml --model student-init --shards shards --teacher teacher --teacher-outputs outputs --out student"
    )

    @OptionGroup var configuration: ConfigurationOptions
    @Option(help: "Folder of the LLaVA checkpoint to start from.") var model: String
    @Option(help: "Folder of the shards to train on.") var shards: String
    @Option(
        help: "Folder of the teacher's checkpoint, for TPA, and for KD and IVA without --teacher-outputs.")
    var teacher: String?
    @Option(help: "Folder of cache-teacher's index for these shards.") var teacherOutputs: String?
    @Option(help: "Folder of the store of teacher outputs.") var cache = "cache"
    @Option(help: "Folder for the trained checkpoint, metrics.jsonl and the receipt.") var out: String

    func run() throws {
        let recipe = try configuration.recipe(TrainingRecipe.self)
        let needsTeacher = recipe.weights.tpa != 0 || (recipe.weights.needsTeacher && teacherOutputs == nil)
        let usedTeacher = needsTeacher ? teacher : nil
        let usedOutputs = recipe.weights.kd != 0 || recipe.weights.iva != 0 ? teacherOutputs : nil
        let folders =
            [("model", model), ("shards", shards)]
            + [("teacher", usedTeacher), ("teacher outputs", usedOutputs)].compactMap { name, path in
                path.map { (name, $0) }
            }
        let output = URL(fileURLWithPath: out)
        let run = try StageRun(
            "train-student", recipe: recipe,
            inputs: folders.map { try StageInput($0.0, URL(fileURLWithPath: $0.1)) }, output: output,
            options: configuration)
        if try run.isUpToDate() { return }

        let dataset = try ShardDataset(URL(fileURLWithPath: shards), shardsHeld: recipe.shardsTogether)
        let student = try LlavaModel(folder: URL(fileURLWithPath: model), trainable: Set(recipe.trainable))
        let teacherModel = try usedTeacher.map { try LlavaModel(folder: URL(fileURLWithPath: $0)) }
        try dataset.require(student, folder: URL(fileURLWithPath: model))
        if let teacherModel, let usedTeacher {
            try dataset.require(teacherModel, folder: URL(fileURLWithPath: usedTeacher))
        }
        let cached = try usedOutputs.map {
            try CachedTeacher(
                index: URL(fileURLWithPath: $0), cache: TeacherCache(URL(fileURLWithPath: cache)),
                dataset: dataset)
        }
        let trainer = try Trainer(
            student: student, teacher: teacherModel, cached: cached, dataset: dataset,
            settings: recipe.settings(measuredLayer: cached?.index.settings.saliencyLayer))
        if recipe.weights.needsTeacher {
            StandardError.write(
                "train-student: KD and IVA from \(cached == nil ? "the teacher in the loop" : "the cache")"
                    + (recipe.weights.tpa == 0 ? "" : ", TPA with the teacher in the loop")
                    + ", BLAS kernels \(Machine.blasCore)")
        }
        try run.begin()
        if configuration.force {
            try? FileManager.default.removeItem(at: output.appendingPathComponent("state.safetensors"))
        }
        try train(trainer, run, output, log: recipe.tensorboard ? TensorBoardLog(run: output) : nil)
        try student.write(into: output)
        try run.finish(
            counts: ["steps": .int(trainer.steps), "samples": .int(dataset.count)],
            volatile: Set(["metrics.jsonl"] + TensorBoardLog.files(of: output)),
            excluding: ["state.safetensors"], blasCore: Machine.blasCore)
        // Only now: until the receipt stands, an interrupted stage must find its way back.
        try? FileManager.default.removeItem(at: output.appendingPathComponent("state.safetensors"))
    }

    private func train(_ trainer: Trainer, _ run: StageRun, _ output: URL, log: TensorBoardLog?) throws {
        let interruption = Interruption()
        var progress = ProgressReporter("training", total: trainer.steps, unit: "steps")
        let finished = try trainer.run(in: output, run: run.identity, stop: { interruption.isRequested }) {
            event in
            switch event {
            case .resumed(let step):
                StandardError.write("train-student: going on after step \(step)")
                progress = ProgressReporter("training", total: trainer.steps, done: step, unit: "steps")
            case .step(let line):
                let t = line.terms
                try log?.append(line)
                progress.advance(
                    value: line.loss,
                    suffix: String(
                        format: "loss %.3f (sft %.3f iva %.3f kd %.3f tpa %.3f)", line.loss, t.sft, t.iva,
                        t.kd, t.tpa))
            case .stateWritten: try log?.synchronize()
            }
        }
        progress.finish()
        guard finished else {
            throw StageError.interrupted(
                "the state is saved in \(output.path); run the same command to go on")
        }
    }
}
