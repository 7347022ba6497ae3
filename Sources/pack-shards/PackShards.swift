import ArgumentParser
import Distillation
import Foundation
import Ranks
import Settings
import Shards
import Stage
import Text

struct PackShards: RecipeCommand {
    typealias StageRecipe = PackingSettings

    static let configuration = StageHelp.configuration(
        "pack-shards",
        abstract: "Packs LLaVA conversations and their images into shards of token ids, labels and pixels.",
        discussion: """
            Reads LLaVA JSON or JSON Lines and a folder, .tar, .tar.gz, .tar.zst or .zip of images, whatever \
            the order of its members. Writes <name>-00000.safetensors.zst and so on, index.json and, with \
            on_bad_sample: skip, skipped.jsonl. While it runs, the prepared pixels (3 * size * size bytes an \
            image) wait in the output folder.
            """,
        example: """
            pack-shards --config pipelines/demo/pack.yaml \\
              --data runs/demo/world/student.json --images runs/demo/world/images.tar \\
              --tokenizer runs/demo/teacher-start --out runs/demo/shards/distill
            """)

    @OptionGroup var configuration: ConfigurationOptions

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            "LLaVA conversations; may be repeated, packed in this order.", valueName: "file.json(l)"))
    var data: [String]

    @Option(help: ArgumentHelp("The images that the conversations name.", valueName: "folder|archive"))
    var images: String?

    @Option(help: ArgumentHelp("tokenizer.json or the folder that holds it.", valueName: "folder|file"))
    var tokenizer: String

    @Option(help: ArgumentHelp("Folder to make.", valueName: "folder"))
    var out: String

    @Flag(
        help: ArgumentHelp(
            "Only print what the packing will take, after reading the conversations and preparing a few of "
                + "the images; writes nothing."))
    var plan = false

    func run() throws {
        var recipe = try self.recipe()
        let ranks = try Ranks.started()
        guard !plan || ranks.count == 1 else { throw StageError.usage("--plan is for one process") }
        let output = URL(fileURLWithPath: out)
        let dataFiles = data.map { URL(fileURLWithPath: $0) }
        let imageSource = images.map { URL(fileURLWithPath: $0) }
        let tokenizerFile = Self.tokenizerFile(tokenizer)
        let model = tokenizerFile.deletingLastPathComponent()
        let template = try recipe.conversation(tokenizerFolder: model)
        recipe.image = recipe.image.filled(
            from: recipe.image.isOpen ? try ImageSettings.Model(folder: model) : nil)
        let settings = recipe
        func checkedPacking() throws -> Packing {
            var packing = Packing(
                data: dataFiles, images: imageSource, tokenizer: try Tokenizer(contentsOf: tokenizerFile),
                template: template, settings)
            if let threads = configuration.threads { packing.threads = threads }
            try packing.check()
            return packing
        }
        if plan { return try printPlan(checkedPacking()) }
        var inputs =
            try dataFiles.map { try configuration.input("data", $0) }
            + [configuration.input("tokenizer", tokenizerFile)]
        if let imageSource { inputs.append(try configuration.input("images", imageSource)) }
        let run = try StageRun(
            "pack-shards", recipe: Recorded(settings: settings, conversation: template.identity),
            inputs: inputs,
            output: output, options: configuration, ranks: ranks)
        if try run.isUpToDate() { return }
        let packing = try checkedPacking()
        try run.begin()
        let interruption = Interruption()
        interruption.endsProcess("pack-shards") { "nothing is packed yet; run the same command again" }
        var progress = PackingProgress()
        var transparentImages = 0
        let index = try packing.run(into: output, sharedBy: ranks) { event in
            progress.show(event)
            if case .transparent(let images) = event { transparentImages = images }
            if interruption.isRequested {
                throw StageError.interrupted("nothing is packed yet; run the same command again")
            }
        }
        progress.finish()
        guard let index else { return }
        let totals = index.totals
        StandardError.write(
            "pack-shards: \(totals.samples) samples (\(totals.skipped) skipped), \(totals.images) images, "
                + "\(totals.tokens) tokens "
                + "(\(totals.supervisedTokens) supervised), \(totals.compressedBytes) bytes in "
                + "\(index.shards.count) shards"
        )
        if transparentImages > 0 {
            StandardError.write(
                "pack-shards: \(transparentImages) images have clear parts, "
                    + (settings.image.background.map { "laid on the colour \($0)" }
                        ?? "which show the colours stored under them; image.background=[255, 255, 255] lays "
                        + "them on white"))
        }
        try run.finish(counts: [
            "samples": .int(totals.samples), "skipped": .int(totals.skipped), "images": .int(totals.images),
            "transparent_images": .int(transparentImages),
            "tokens": .int(totals.tokens),
            "supervised_tokens": .int(totals.supervisedTokens), "raw_bytes": .int(totals.rawBytes),
            "compressed_bytes": .int(totals.compressedBytes), "shards": .int(index.shards.count),
        ])
    }

    /// All that the result depends on besides its inputs, for the receipt: the template may be the model's,
    /// and so may what the settings leave open about pictures.
    struct Recorded: Recipe {
        var settings = PackingSettings()
        var conversation = ""
    }

    /// The file itself, so that weights beside it are not digested as an input.
    private static func tokenizerFile(_ path: String) -> URL {
        let url = URL(fileURLWithPath: path)
        let inside = url.appendingPathComponent("tokenizer.json")
        return FileManager.default.fileExists(atPath: inside.path) ? inside : url
    }
}

/// One progress line after the other: conversations, images, shards.
struct PackingProgress {
    private var phase = ""
    private var reporter: ProgressReporter?

    mutating func show(_ event: PackingEvent) {
        switch event {
        case .read(let records): update("reading", records, total: nil, unit: "samples")
        case .prepared(let images, let total): update("preparing", images, total: total, unit: "images")
        case .transparent: break
        case .wrote(let shards, let total): update("writing", shards, total: total, unit: "shards")
        }
    }

    mutating func finish() { reporter?.finish() }

    private mutating func update(_ name: String, _ done: Int, total: Int?, unit: String) {
        if phase != name {
            reporter?.finish()
            reporter = ProgressReporter(name, total: total, unit: unit)
            phase = name
        }
        reporter?.update(done)
    }
}
