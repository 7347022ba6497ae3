import Analysis
import ArgumentParser
import Autograd
import Distillation
import Files
import Foundation
import Models
import Records
import Settings
import Shards
import Stage
import Tensors

/// What is traced, and with which objective.
struct TraceSettings: Recipe {
    @Setting("What is written.") var parts = [ModelTrace.Part.logits]
    @Setting("Weights of the terms of the losses and gradients.", in: 0..., equation: "Eq. 8")
    var weights = LossTerms(sft: 1, iva: 1, kd: 1, tpa: 1)
    @Setting(
        "0-based layer of the teacher that weights the visual tokens of IVA.", in: 0...10_000,
        equation: "Eq. 3")
    var saliencyLayer = 0
    @Setting("Candidates drawn for each token where the input gives none.", in: 1...64) var candidates = 4
    @Setting("Seed of the drawn candidates.") var seed: UInt64 = 0

    func validate() throws {
        if parts.isEmpty { throw SettingProblem("parts", "is empty: what is to be traced?") }
    }
}

struct TraceModel: RecipeCommand {
    typealias StageRecipe = TraceSettings

    static let configuration = StageHelp.configuration(
        "trace-model", abstract: "Write any intermediate of a model as safetensors.",
        discussion: """
            Inputs are samples of shards, or a file of padded tensors (input_ids, attention_mask, labels, \
            visual_mask, instruction_mask, pixel_values, candidates), so that another implementation can be \
            fed the same numbers. Losses and gradients are those of the model as a student of --teacher.
            """,
        example: """
            trace-model --model runs/demo/align-ti --teacher runs/demo/teacher \\
              --shards runs/demo/shards/distill --sample 0 --sample 5 \\
              --set 'parts=[saliency, losses]' --out runs/demo/trace
            """)

    @OptionGroup var configuration: ConfigurationOptions
    @Option(help: "Folder of the checkpoint.") var model: String
    @Option(help: "Folder of the teacher's checkpoint, for losses and gradients.") var teacher: String?
    @Option(help: "Folder of shards to take samples from.") var shards: String?
    @Option(help: "Number of a sample of the shards; may be repeated.") var sample: [Int] = []
    @Option(help: "Safetensors file of a padded batch, instead of shards.") var batch: String?
    @Option(help: "Folder for trace.safetensors and the receipt.") var out: String

    func validate() throws {
        guard (shards == nil) != (batch == nil) else {
            throw ValidationError("give either --shards or --batch")
        }
        guard shards == nil || !sample.isEmpty else {
            throw ValidationError("--shards needs at least one --sample")
        }
    }

    /// The recipe and the samples: all that the result depends on besides its inputs.
    struct Recorded: Recipe {
        var recipe = TraceSettings()
        var samples: [Int] = []
    }

    func run() throws {
        let recipe = try self.recipe()
        let inputs = [("model", model), ("teacher", teacher), ("shards", shards), ("batch", batch)].compactMap
        { name, path in path.map { (name, $0) } }
        let run = try StageRun(
            "trace-model", recipe: Recorded(recipe: recipe, samples: sample),
            inputs: inputs.map {
                try configuration.input(
                    $0.0, URL(fileURLWithPath: $0.1), isHeldElsewhere: ShardFormat.isShard)
            },
            output: URL(fileURLWithPath: out), options: configuration)
        if try run.isUpToDate() { return }
        let parts = recipe.parts
        let folder = URL(fileURLWithPath: model)
        let student = try LlavaModel(
            folder: folder, trainable: TrainedWeights(parts.contains(.gradients) ? ModelPart.allCases : []))
        let teacherModel = try teacher.map { try LlavaModel(folder: URL(fileURLWithPath: $0)) }
        StandardError.write(student.notices + (teacherModel?.notices ?? []), of: "trace-model")
        let (input, candidates) = try source(recipe, folder)
        if let layers = teacherModel?.language.configuration.layers, recipe.saliencyLayer >= layers {
            throw SettingProblem(
                "saliency_layer", "is \(recipe.saliencyLayer), the teacher has layers 0 to \(layers - 1)")
        }
        var count = recipe.candidates
        if case .given(let ids) = candidates {
            count = ids.joined().map(\.count).max() ?? count
            let known = [student, teacherModel].compactMap { $0?.language.vocabularySize }.min() ?? 0
            if let id = ids.joined().joined().first(where: { $0 >= known }) {
                throw AnalysisError.badInput(
                    path: batch ?? "", tensor: "candidates",
                    problem: "holds the id \(id), which the models do not know: theirs end at \(known - 1)")
            }
        }
        let objective = AlignmentObjective(
            weights: recipe.weights, candidates: CandidateRule(count: count),
            saliencyLayer: recipe.saliencyLayer)
        let trace = ModelTrace(
            model: student, teacher: teacherModel, objective: objective)
        try run.begin()
        let made = try trace.run(parts, on: input, candidates: candidates) {
            StandardError.write("trace-model: \($0)")
        }
        try made.write(to: URL(fileURLWithPath: out).appendingPathComponent("trace.safetensors"))
        StandardError.write(
            "trace-model: \(parts.map(\.rawValue).joined(separator: ", ")) of \(input.samples.count) samples "
                + "(\(input.rows) rows) in \(out)/trace.safetensors")
        try run.finish(
            counts: ["samples": .int(input.samples.count), "rows": .int(input.rows)],
            blasCore: Machine.blasCore)
    }

    private func source(_ recipe: TraceSettings, _ folder: URL) throws -> (AlignmentBatch, CandidateSource) {
        let drawn = CandidateSource.drawn(seed: recipe.seed, step: 0)
        if let batch {
            let input = try TraceInput(SafeTensorsFile(URL(fileURLWithPath: batch)))
            let given = input.candidates.contains { $0.contains { !$0.isEmpty } }
            return (input.batch, given ? .given(input.candidates) : drawn)
        }
        let dataset = try ShardDataset(URL(fileURLWithPath: shards ?? ""))
        try dataset.require(modelIn: folder)
        if let wrong = sample.first(where: { !(0..<dataset.count).contains($0) }) {
            throw StageError.usage("--sample \(wrong): the data set has samples 0 to \(dataset.count - 1)")
        }
        return (try AlignmentBatch(dataset, numbers: sample), drawn)
    }
}
