import Answering
import ArgumentParser
import Files
import Foundation
import Models
import Ranks
import Stage
import Tensors

struct WriteAnswers: RecipeCommand {
    typealias StageRecipe = WritingSettings

    static let configuration = StageHelp.configuration(
        "write-answers",
        abstract: "Lets a model answer the questions of conversations, and writes its answers as data.",
        discussion: """
            Reads LLaVA JSON or JSON Lines and a folder, .tar, .tar.gz, .tar.zst or .zip of images. Writes \
            answers.json, the same conversations with the model's answers, for pack-shards: a student that \
            learns from them learns by sequence-level distillation. drawn.jsonl has every answer that was \
            drawn, the data's beside it, its probability, and why it is not kept. An interrupted run goes on \
            where it stopped.
            """,
        example: """
            write-answers --config pipelines/demo/write-answers.yaml \\
              --model runs/demo/teacher --data runs/demo/world/student.json \\
              --images runs/demo/world/images.tar --out runs/demo/written-answers
            """)

    @OptionGroup var configuration: ConfigurationOptions
    @Option(help: "Folder of the LLaVA checkpoint that answers, with its tokenizer.") var model: String
    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            "LLaVA conversations; may be repeated, answered in this order.", valueName: "file.json(l)"))
    var data: [String]
    @Option(help: ArgumentHelp("The images that the conversations name.", valueName: "folder|archive"))
    var images: String?
    @Option(help: ArgumentHelp("Folder to make.", valueName: "folder")) var out: String

    private static let stateFile = "writing.txt"

    func run() throws {
        let recipe = try self.recipe()
        let ranks = try Ranks.started()
        let (folder, output) = (URL(fileURLWithPath: model), URL(fileURLWithPath: out))
        let (files, source) = (data.map { URL(fileURLWithPath: $0) }, images.map { URL(fileURLWithPath: $0) })
        var inputs =
            try [configuration.input("model", folder)] + files.map { try configuration.input("data", $0) }
        if let source { inputs.append(try configuration.input("images", source)) }
        let run = try StageRun(
            "write-answers", recipe: recipe, inputs: inputs, output: output, options: configuration,
            ranks: ranks)
        run.forgetState = {
            ResumableLines.finish(output.appendingPathComponent(DrawnFile.name))
            unlink(output.appendingPathComponent(Self.stateFile).path)
        }
        if try run.isUpToDate() { return }
        let writing = try AnswerWriting(
            data: files, images: source, prompts: ConversationPrompts(model: folder, recipe), recipe)
        let model = try LlavaModel(folder: folder, mapped: true)
        StandardError.write(model.notices, of: "write-answers")

        try run.begin()
        // One process keeps the answers; where they go on all must know.
        let drawn = ranks.isFirst ? try resume(writing, run) : nil
        try answer(writing, model, drawn, from: ranks.ofFirst(drawn?.samples ?? 0), ranks)
        guard let drawn else { return }
        let counts = try writing.write(drawn, to: output.appendingPathComponent(AnswerWriting.file))
        StandardError.write("write-answers: \(Self.summary(counts))")
        try run.finish(counts: counts.json, excluding: [Self.stateFile], blasCore: Machine.blasCore)
    }

    /// The file of the answers with those that an earlier attempt has left; what another recipe or another
    /// model began is of no use.
    private func resume(_ writing: AnswerWriting, _ run: StageRun) throws -> DrawnFile {
        let state = run.output.appendingPathComponent(Self.stateFile)
        let file = run.output.appendingPathComponent(DrawnFile.name)
        let begun = try? String(contentsOf: state, encoding: .utf8)
        if configuration.force || begun != run.identity.text {
            guard unlink(file.path) == 0 || errno == ENOENT else {
                throw FilesError.system(
                    path: file.path, operation: "remove the answers of another run", code: errno)
            }
        }
        try AtomicOutput.writeAtomically(run.identity.text, to: state)
        let drawn = try DrawnFile(file, writing, of: run.identity.text)
        if drawn.isDamaged {
            StandardError.write(
                "write-answers: warning: \(file.path) is damaged, or of another run; what comes before is "
                    + "kept"
            )
        }
        if drawn.samples > 0 { StandardError.write("write-answers: going on after \(drawn.samples) samples") }
        return drawn
    }

    private func answer(
        _ writing: AnswerWriting, _ model: LlavaModel, _ drawn: DrawnFile?, from start: Int, _ ranks: Ranks
    ) throws {
        let progress = ProgressReporter("answering", total: writing.samples, done: start, unit: "samples")
        let interruption = Interruption()
        let remark = "run the same command to go on; the answers so far are in \(out)/\(DrawnFile.name)"
        interruption.endsProcess("write-answers") { remark }
        // Closed here and only here, also after an interruption: several workers may notice that.
        let answering = Result {
            try writing.answer(
                from: start, by: model,
                waitingIn: ranks.isFirst
                    ? URL(fileURLWithPath: out) : FileManager.default.temporaryDirectory,
                ranks: ranks,
                beforeStep: {
                    if interruption.isRequested { throw StageError.interrupted(remark) }
                },
                answered: { lines in
                    try drawn?.append(lines)
                    progress.update(drawn?.samples ?? 0)
                })
        }
        try drawn?.close()
        try answering.get()
        progress.finish()
    }

    private static func summary(_ counts: WritingCounts) -> String {
        func mean(_ value: Double?, _ name: String) -> String {
            value.map { ", \(name) \(String(format: "%.3f", $0))" } ?? ""
        }
        return "\(counts.conversations) conversations of \(counts.samples) samples (\(counts.skipped) "
            + "skipped, \(counts.leftOut) without an answer that is kept), \(counts.kept) of "
            + "\(counts.answers) answers kept" + mean(counts.meanLogProbability, "mean log-probability")
            + mean(counts.meanAgreement, "agreement")
    }
}
