import ArgumentParser
import Distillation
import Files
import Foundation
import Models
import Ranks
import Records
import Settings
import Shards
import Stage
import TeacherStore
import Tensors
import Text
import Training

struct TrainStudent: RecipeCommand {
    typealias StageRecipe = TrainingSettings

    static let configuration = StageHelp.configuration(
        "train-student", abstract: "Train a student by SFT, KD, IVA and TPA; or a projector; or a teacher.",
        discussion: """
            The recipe's weights say what is learnt: SFT alone trains a teacher or a projector, all four are \
            Align-TI. KD and IVA read the cache where --teacher-outputs is given, else the teacher in the \
            loop; TPA, responses that the student samples (on_policy), and IVA weights of another layer than \
            the cached one need --teacher. An interrupted run goes on where it stopped.
            """,
        example: """
            train-student --config pipelines/demo/align-ti.yaml \\
              --model runs/demo/student-pretrained --shards runs/demo/shards/distill \\
              --teacher runs/demo/teacher --teacher-outputs runs/demo/teacher-outputs \\
              --cache cache --out runs/demo/align-ti
            """)

    @OptionGroup var configuration: ConfigurationOptions
    @Option(help: "Folder of the LLaVA checkpoint to start from.") var model: String
    @Option(
        help: ArgumentHelp(
            "Folder of the shards to train on; may be repeated with names, to mix them (mixture).",
            valueName: SourceFolder.valueName))
    var shards: [SourceFolder]
    @Option(
        help: "Folder of the teacher's checkpoint, for TPA, and for what --teacher-outputs do not hold.")
    var teacher: String?
    @Option(help: "Folder of cache-teacher's index for these shards.") var teacherOutputs: String?
    @Option(help: "Folder of the store of teacher outputs.") var cache = "cache"
    @Option(
        help: ArgumentHelp(
            "Folder of shards that are not trained on, to see whether it learns; may be repeated with names.",
            valueName: SourceFolder.valueName))
    var validation: [SourceFolder] = []
    @Option(help: "Folder for the trained checkpoint, metrics.jsonl and the receipt.") var out: String
    @Flag(
        help: "Only print why the recipe cannot be run with --teacher, by its config.json; nothing if it can."
    )
    var check = false
    @Flag(
        help: "Only print what the training will take, after making a few of its steps; writes nothing.")
    var plan = false

    /// The checkpoint, with the template that it was trained with and what its answers end with.
    ///
    /// - Returns: how the language model's weights are stored
    private func write(
        _ student: LlavaModel, as type: StoredType?, trainedOn dataset: ShardDataset, into output: URL
    ) throws -> StoredType {
        let folder = URL(fileURLWithPath: model)
        let template = ConversationTemplate(identity: dataset.description.template)
        let isConversation = template.map { $0.kind != .plain } ?? false
        let stored = try student.write(
            into: output, type: type,
            endOfSequenceIDs: isConversation
                ? dataset.endOfSequenceIDs(student.configuration, folder: folder).sorted() : [])
        try template?.write(into: output, imageToken: try student.imageToken(in: output) ?? "<image>")
        return stored
    }

    func run() throws {
        let recipe = try self.recipe()
        let ranks = try Ranks.started()
        if check { return try printMisfit(recipe) }
        guard !self.plan || ranks.count == 1 else { throw StageError.usage("--plan is for one process") }
        let usedOutputs = recipe.weights.readsOutputs ? teacherOutputs : nil
        let index = try usedOutputs.map { try StoreIndex(folder: URL(fileURLWithPath: $0)) }
        let outputs = index?.settings.cachedOutputs
        let observed = recipe.saliencySource == .student ? model : teacher
        let objective = try recipe.objective(
            measuredLayer: outputs?.saliencyLayer,
            layers: recipe.saliencyDepth == nil
                ? nil : observed.map { try LlavaConfiguration(folder: URL(fileURLWithPath: $0)).text.layers })
        // What the student samples is in no cache.
        let plan = TeacherPlan(objective, cache: recipe.onPolicy.fraction > 0 ? nil : outputs)
        let usedTeacher = plan.needsTeacher ? teacher : nil
        guard !validation.isEmpty || !recipe.checkpoint.best else {
            throw StageError.usage(
                "checkpoint.best needs --validation, the shards whose loss says which is best")
        }
        // Only where it decides which checkpoint is the result does it change the result.
        let decidingValidation = recipe.checkpoint.best ? validation.inputs("validation") : []
        let sources = try shards.sources("--shards")
        func named(_ name: String, _ path: String?) -> [(name: String, url: URL)] {
            path.map { [(name: name, url: URL(fileURLWithPath: $0))] } ?? []
        }
        let folders =
            named("model", model) + shards.inputs("shards") + named("teacher", usedTeacher)
            + named("teacher outputs", usedOutputs) + decidingValidation
        let output = URL(fileURLWithPath: out)
        let inputs = try folders.map {
            try configuration.input($0.name, $0.url, isHeldElsewhere: ShardFormat.isShard)
        }
        let run = try StageRun(
            "train-student", recipe: recipe, inputs: inputs, output: output, options: configuration,
            deciding: recipe.checkpoint.best ? ["validation."] : [], ranks: ranks)
        if ranks.count > 1 {
            let looked = try validation.inputs("validation").map {
                try configuration.input($0.name, $0.url, isHeldElsewhere: ShardFormat.isShard)
            }
            try ranks.agree(
                [("--validation", looked.map { "\($0.name) \($0.digest)" }.joined(separator: "\n"))],
                host: HostName.current)
        }
        run.forgetState = { Trainer.forget(in: output) }
        if try !self.plan && run.isUpToDate() { return }

        let dataset = try ShardDataset(sources, shardsHeld: recipe.shardsTogether)
        let heldBack =
            validation.isEmpty
            ? nil
            : try ShardDataset(validation.sources("--validation"), shardsHeld: recipe.shardsTogether)
        let asksTeacher = !validation.isEmpty && recipe.validation.teacher
        let askedTeacher = usedTeacher ?? (asksTeacher ? teacher : nil)
        // Before weights are read, which takes a while.
        let modelFolder = URL(fileURLWithPath: model)
        try dataset.require(modelIn: modelFolder)
        try heldBack?.require(modelIn: modelFolder)
        if let askedTeacher { try dataset.require(modelIn: URL(fileURLWithPath: askedTeacher)) }
        let student = try LlavaModel(
            folder: modelFolder, trainable: recipe.trainable, precision: recipe.precision)
        let teacherModel = try askedTeacher.map {
            try LlavaModel(folder: URL(fileURLWithPath: $0), precision: recipe.teacherPrecision)
        }
        StandardError.write(student.notices + (teacherModel?.notices ?? []), of: "train-student")
        let cached = try (plan.cache == nil ? nil : usedOutputs).map {
            try CachedTeacher(
                index: URL(fileURLWithPath: $0),
                cache: Store(URL(fileURLWithPath: cache), digests: configuration.digests), dataset: dataset,
                repair: teacher.map { entryRepair(URL(fileURLWithPath: $0), teacherModel) })
        }
        if let cached, let teacher, !recipe.mixedTeachers {
            try cached.require(teacher: URL(fileURLWithPath: teacher))
        }
        let trainer = try Trainer(
            student: student, teacher: teacherModel, cached: cached, dataset: dataset,
            settings: recipe, plan: plan,
            endOfSequenceIDs: recipe.onPolicy.fraction > 0
                ? dataset.endOfSequenceIDs(student.configuration, folder: URL(fileURLWithPath: model)) : [],
            ranks: ranks, validation: heldBack)
        if recipe.weights.needsTeacher {
            StandardError.write(
                "train-student: \(plan), \(recipe.precision.supported.rawValue), "
                    + "teacher \(recipe.teacherPrecision.supported.rawValue), products by "
                    + Machine.kernels
            )
        }
        let repeats = ranks.isFirst ? try SampleRepeats(dataset, heldBack: heldBack).found() : nil
        if let repeats { StandardError.write(repeats.notices, of: "train-student") }
        if self.plan { return printPlan(try trainer.planned()) }
        if ranks.isFirst, let teacherModel, let teacher, plan.needsTeacher {
            _ = try TeacherOutputs(teacherModel).quantizationError(
                folder: URL(fileURLWithPath: teacher), over: dataset,
                settings: TeacherOutputSettings(
                    topK: nil,
                    commonVocabulary: min(
                        student.configuration.text.vocabulary, teacherModel.configuration.text.vocabulary),
                    saliencyLayer: objective.saliencyLayer), limits: recipe.int8
            ) { StandardError.write("train-student: \($0)") }
        }
        let hadFinished = try run.begin()
        if ranks.isFirst {
            try clear(output, hadFinished: hadFinished)
            // A run that goes on has most of its files already.
            if Trainer.savedSteps(in: output) == nil {
                let counted = trainer.counted
                try counted.requireDisk(of: output)
                if let notice = counted.diskNotice { StandardError.write("train-student: \(notice)") }
            }
        }
        let checkpoints =
            ranks.isFirst
            ? try Checkpoints(recipe.checkpoint, run, in: output) { folder in
                _ = try write(student, as: recipe.type, trainedOn: dataset, into: folder)
            } : nil
        try train(
            trainer, run, output, checkpoints,
            log: recipe.tensorboard && ranks.isFirst ? TensorBoardLog(run: output) : nil)
        guard ranks.isFirst else { return }
        let best = recipe.checkpoint.best ? try Checkpoints.best(in: output) : nil
        let result = try best.flatMap { try checkpoints?.model(after: $0) } ?? student
        let stored = try write(result, as: recipe.type, trainedOn: dataset, into: output)
        let totals = try TrainingTotals(folder: output)
        try ModelCard(
            student, recipe, dataset: dataset, steps: trainer.steps, totals: totals,
            sources: inputs.map { ($0.name, $0.path, $0.digest) }
        ).write(into: output)
        try repeats?.write(into: output)
        var counts: JSONObject = [
            "steps": .int(trainer.steps), "samples": .int(dataset.count), "type": .string(stored.rawValue),
        ]
        for (name, value) in try totals.counts() { counts.append(name, value) }
        if recipe.usesSaliencyLayer {
            counts.append("saliency_layer", .int(objective.saliencyLayer))
            if let best = index?.relevance?.bestLayer, recipe.saliencySource == .teacher {
                counts.append("most_relevant_layer", .int(best))
            }
        }
        if let repeats, repeats.sources.contains(where: \.hasRepeats) {
            counts.append("repeats", repeats.counts)
        }
        if let best { counts.append("best_steps", .int(best)) }
        if let kd = plan.kd { counts.append("kd_from", .string(kd.rawValue)) }
        if let iva = plan.iva { counts.append("iva_from", .string(iva.rawValue)) }
        try run.finish(
            counts: .object(counts),
            volatile: Set(
                [MetricsFile.file, ValidationFile.file, RepeatsFile.file] + TensorBoardLog.files(of: output)),
            excluding: Trainer.stateFiles(in: output).union([Trainer.checkpoints + "/"]),
            blasCore: Machine.blasCore)
    }

    /// A state beside a receipt is one that a finished run had no time to remove; any other is kept by
    /// `--force`, which begins anew.
    private func clear(_ output: URL, hadFinished: Bool) throws {
        if hadFinished {
            try Checkpoints.forget(in: output)
            return Trainer.forget(in: output)
        }
        guard configuration.force else { return }
        let kept = try Trainer.keepAside(in: output)
        guard !kept.isEmpty else { return }
        StandardError.write(
            "train-student: beginning anew; the unfinished run is kept in \(output.path) as "
                + kept.joined(separator: ", "))
    }

    private func printMisfit(_ recipe: TrainingSettings) throws {
        guard let teacher else { return }
        do { try recipe.check(for: LlavaConfiguration(folder: URL(fileURLWithPath: teacher))) } catch let
            problem as SettingProblem
        {
            print(problem)
        }
    }

    /// Entries of the store that are lost or damaged are computed again by the teacher, which is loaded for
    /// that if it is not there.
    private func entryRepair(_ folder: URL, _ loaded: LlavaModel?) -> CacheRepair {
        CacheRepair(teacher: folder) { dataset, precision in
            if let loaded, loaded.precision == precision { return TeacherOutputs(loaded) }
            try dataset.require(modelIn: folder)
            let model = try LlavaModel(folder: folder, precision: precision)
            return TeacherOutputs(model)
        } report: { path, problem in
            StandardError.write("train-student: \(path): \(problem); computing it again")
        }
    }
}
