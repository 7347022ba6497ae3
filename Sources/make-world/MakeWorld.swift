import ArgumentParser
import Files
import Foundation
import Processors
import Stage
import World

struct MakeWorld: RecipeCommand {
    typealias StageRecipe = WorldSettings

    static let configuration = StageHelp.configuration(
        "make-world",
        abstract:
            "Draws the embedded data set: images, conversations, benchmarks and a tokenizer, from one seed.",
        discussion: """
            Writes captions.json, mixed.json (the teacher's), student.json (answers partly wrong), \
            heldout.json (long captions nobody trains on), images.tar, tokenizer/, benchmarks/<name>/ and \
            validation/<name>/ for gqa, scienceqa, textvqa, pope, mme and mmbench in their official layouts. \
            Same recipe, same bytes.
            """,
        example: "make-world --config pipelines/demo/world.yaml --out runs/demo/world")

    @OptionGroup var configuration: ConfigurationOptions

    @Option(help: ArgumentHelp("Folder to make.", valueName: "folder"))
    var out: String

    func run() throws {
        let recipe = try self.recipe()
        let output = URL(fileURLWithPath: out)
        let run = try StageRun(
            "make-world", recipe: recipe, inputs: [], output: output, options: configuration)
        if try run.isUpToDate() { return }
        try run.begin()
        let interruption = Interruption()
        let world = try EmbeddedWorld(recipe)
        let progress = ProgressReporter("drawing", total: world.sets.images.count, unit: "images")
        let threads = configuration.threads ?? AllowedProcessors.count
        let counts = try world.write(to: output, threads: threads) { event in
            if case .images(let done, let total) = event {
                progress.update(done)
                if done == total { progress.finish() }
            }
            if interruption.isRequested {
                throw StageError.interrupted(
                    "the world is not whole; run the same command again, it takes seconds")
            }
        }
        let summary = counts.map { (name: $0.name, value: JSONValue.int($0.count)) }
        try run.finish(counts: .object(JSONObject(summary)))
    }
}
