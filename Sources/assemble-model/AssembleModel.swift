import ArgumentParser
import Files
import Foundation
import Models
import Settings
import Stage

struct AssembleModel: RecipeCommand {
    typealias StageRecipe = AssemblySettings

    static let configuration = StageHelp.configuration(
        "assemble-model",
        abstract: "Makes a LLaVA checkpoint from a vision tower, a language model and a fresh projector.",
        discussion: """
            Each part is read from a Hugging Face folder (--vision, --language) or, without one, made from \
            random numbers as the recipe's group of that name says. The tokenizer is copied in; if it lacks \
            the image placeholder it gets it, and the embedding table grows where there is no row for it. \
            Fresh towers of equal shape and seed are equal, so a teacher and a student share theirs.
            """,
        example: """
            assemble-model --config pipelines/demo/teacher-model.yaml \\
              --tokenizer runs/demo/world/tokenizer --out runs/demo/teacher-start
            """)

    @OptionGroup var configuration: ConfigurationOptions

    @Option(help: ArgumentHelp("Folder of a SigLIP, CLIP, DINOv2 or LLaVA checkpoint.", valueName: "folder"))
    var vision: String?

    @Option(help: ArgumentHelp("Folder of a Qwen2, Qwen3, Llama or LLaVA checkpoint.", valueName: "folder"))
    var language: String?

    @Option(
        help: ArgumentHelp(
            "Folder of tokenizer.json; the language model's unless given.", valueName: "folder"))
    var tokenizer: String?

    @Option(help: "How weights are stored: f32, bf16 or f16; as they are (f32 for fresh ones) unless given.")
    var type: StoredType?

    @Option(help: ArgumentHelp("Folder to make.", valueName: "folder"))
    var out: String

    func run() throws {
        let recipe = try self.recipe()
        func folder(_ path: String?) -> URL? { path.map { URL(fileURLWithPath: $0) } }
        let given = [
            ("vision", folder(vision)), ("language", folder(language)), ("tokenizer", folder(tokenizer)),
        ]
        let inputs = try given.compactMap { name, url in try url.map { try configuration.input(name, $0) } }
        let output = URL(fileURLWithPath: out)
        let run = try StageRun(
            "assemble-model", recipe: Recorded(settings: recipe, type: type), inputs: inputs,
            output: output, options: configuration)
        if try run.isUpToDate() { return }
        let assembly = try ModelAssembly(
            recipe, language: folder(language), vision: folder(vision), tokenizer: folder(tokenizer))
        StandardError.write(assembly.notices, of: "assemble-model")
        try run.begin()
        let stored = try assembly.write(into: output, type: type)
        let size = assembly.parameters(of:)
        let visualTokens = assembly.configuration.visualTokensPerImage
        StandardError.write(
            "assemble-model: \(size(.vision)) parameters of the tower, \(size(.projector)) of the projector, "
                + "\(size(.language)) of the language model (\(stored.rawValue)) in \(out); an image becomes "
                + "\(visualTokens) tokens")
        try run.finish(counts: [
            "vision_parameters": .int(size(.vision)), "projector_parameters": .int(size(.projector)),
            "language_parameters": .int(size(.language)), "type": .string(stored.rawValue),
            "vocabulary": .int(assembly.configuration.text.vocabulary),
            "visual_tokens_per_image": .int(visualTokens),
        ])
    }

    /// All that the result depends on besides its inputs, for the receipt.
    struct Recorded: Recipe {
        var settings = AssemblySettings()
        var type: StoredType?
    }
}

extension StoredType: ExpressibleByArgument {}
