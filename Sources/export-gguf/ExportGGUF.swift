import ArgumentParser
import Files
import Foundation
import GGUF
import Stage

struct ExportGGUF: RecipeCommand {
    typealias StageRecipe = ExportSettings

    static let configuration = StageHelp.configuration(
        "export-gguf", abstract: "Writes a model as the GGUF files that llama.cpp runs.",
        discussion: """
            model.gguf is the language model with tokenizer, end ids and chat template; mmproj.gguf is the \
            vision tower (CLIP or SigLIP) with the projector. What llama.cpp does not have is refused by \
            name. docs/serving.md says how to run them.
            """,
        example: """
            export-gguf --model runs/demo/align-ti --type q8_0 --out runs/demo/gguf
            """)

    @OptionGroup var configuration: ConfigurationOptions
    @Option(help: "Folder of the LLaVA checkpoint, or of a language model, with its tokenizer.")
    var model: String
    @Option(help: "How matrices are stored: f32, f16, bf16 or q8_0; f16 unless given.") var type: GGUFType?
    @Option(help: "Folder for the files and the receipt.") var out: String

    func run() throws {
        let recipe = try self.recipe(type.map { ["type=\($0.rawValue)"] } ?? [])
        let folder = URL(fileURLWithPath: model)
        let output = URL(fileURLWithPath: out)
        let run = try StageRun(
            "export-gguf", recipe: recipe, inputs: [configuration.input("model", folder)], output: output,
            options: configuration)
        if try run.isUpToDate() { return }
        let export = try GGUFExport(model: folder)
        for note in export.notes { StandardError.write("export-gguf: note: \(note)") }
        try run.begin()
        try export.write(into: output, recipe)
        try run.finish()
    }
}

extension GGUFType: ExpressibleByArgument {}
