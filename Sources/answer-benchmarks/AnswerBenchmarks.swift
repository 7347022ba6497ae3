import ArgumentParser
import Benchmarks
import Files
import Foundation
import Models
import Ranks
import Stage
import Tensors
import Text

struct AnswerBenchmarks: RecipeCommand {
    typealias StageRecipe = AnsweringSettings

    static let configuration = StageHelp.configuration(
        "answer-benchmarks",
        abstract:
            "Lets a model answer the questions of benchmarks, greedily, as the LLaVA evaluation poses them.",
        discussion: """
            Benchmarks: \(BenchmarkList.help). Writes \
            <benchmark>.jsonl in LLaVA's answer format, one line a question in the order of the questions, \
            for score-benchmarks. An interrupted run goes on where it stopped.
            """,
        example: """
            answer-benchmarks --config pipelines/demo/answer.yaml \\
              --model runs/demo/sft --benchmarks runs/demo/world/benchmarks \\
              --out runs/demo/answers/sft
            """)

    @OptionGroup var configuration: ConfigurationOptions
    @Option(help: "Folder of the LLaVA checkpoint, with its tokenizer.") var model: String
    @Option(help: "A folder of benchmarks, each in a subfolder of its name.") var benchmarks: String?
    @Option(
        name: .customLong("benchmark"),
        help: ArgumentHelp(
            "A benchmark and its official files; may be repeated.", valueName: NamedFolder.valueName))
    var benchmarkFolders: [NamedFolder] = []
    @Option(help: "What answers say they are from; the model's folder name unless given.") var modelId:
        String?
    @Option(help: "Folder for the answers and the receipt.") var out: String?
    @Flag(
        help: "Only check that the questions, their images and the template suit the model; answer nothing.")
    var check = false

    @Option(
        help: ArgumentHelp(
            "With --check: shards of the trainings, whose pictures are looked for among those of the "
                + "benchmarks; may be repeated with names.", valueName: SourceFolder.valueName))
    var trainedOn: [SourceFolder] = []

    func validate() throws {
        if !trainedOn.isEmpty, !check { throw ValidationError("--trained-on goes with --check") }
        if out == nil, !check { throw ValidationError("give --out, the folder for the answers") }
    }

    func run() throws {
        let recipe = try self.recipe()
        let benchmarks = try openBenchmarks(recipe)
        guard let out else {
            _ = try checked(benchmarks, recipe)
            var pictures: [TrainedPictures] = []
            for benchmark in benchmarks {
                let questions = asked(benchmark, recipe)
                let reader = try ImageReader(for: questions)
                guard !trainedOn.isEmpty else { continue }
                pictures.append(try TrainedPictures(of: questions, reader, benchmark: benchmark.name))
            }
            if !trainedOn.isEmpty { try say(&pictures) }
            return
        }
        let ranks = try Ranks.started()
        let (folder, output) = (URL(fileURLWithPath: model), URL(fileURLWithPath: out))
        let inputs =
            try [configuration.input("model", folder)]
            + benchmarks.map {
                try configuration.input("benchmark \($0.name)", $0.location, digest: Self.digest($0))
            }
        let run = try StageRun(
            "answer-benchmarks", recipe: recipe, inputs: inputs, output: output, options: configuration,
            ranks: ranks)
        let begun = benchmarks.map(run.answersSoFar)
        run.forgetState = {
            for file in begun { ResumableLines.remove(file) }
            unlink(output.appendingPathComponent(Self.stateFile).path)
        }
        if try run.isUpToDate() { return }
        let prompts = try checked(benchmarks, recipe)
        let model = try LlavaModel(folder: folder, mapped: true)
        StandardError.write(benchmarks.flatMap(\.notices) + model.notices, of: "answer-benchmarks")
        let answerer = Answerer(model: model, prompts: prompts, recipe: recipe, ranks: ranks)
        try run.begin()
        if ranks.isFirst { try forgetOtherRuns(run, benchmarks) }
        let interruption = Interruption()
        interruption.endsProcess("answer-benchmarks") {
            "answers that are not finished are not kept; run the same command to go on"
        }
        var counts = JSONObject()
        for benchmark in benchmarks {
            let name = benchmark.name
            let answers = try answer(
                benchmark, answerer, run.answersSoFar(to: benchmark), of: run.identity.text, interruption)
            guard ranks.isFirst else { continue }
            counts[name] = .int(answers.count)
            try AtomicOutput.writeAtomically(
                answers.map(\.encodedLine).joined(), to: run.answers(to: benchmark))
        }
        guard ranks.isFirst else { return }
        try run.finish(
            counts: .object(counts), excluding: Set([Self.stateFile] + begun.map(\.lastPathComponent)),
            blasCore: Machine.blasCore)
    }

    /// Which pictures were trained on, on standard output, and as warnings where some were.
    private func say(_ pictures: inout [TrainedPictures]) throws {
        let unknown = try TrainedPictures.find(&pictures, in: trainedOn.sources("--trained-on"))
        for found in pictures {
            print(found.text)
            if found.trainedOn > 0 { StandardError.write("answer-benchmarks: warning: \(found.text)") }
        }
        guard !unknown.isEmpty else { return }
        print(
            "not known of \(unknown.joined(separator: ", ")), packed before digests were kept: "
                + "pack them again to know")
    }

    /// The questions that are asked of a benchmark.
    private func asked(_ benchmark: any Benchmark, _ recipe: AnsweringSettings) -> [Question] {
        Array(benchmark.questions.prefix(recipe.limit ?? .max))
    }

    /// The prompts of the model, which all questions suit: what does not is refused before the model is
    /// loaded.
    private func checked(
        _ benchmarks: [any Benchmark], _ recipe: AnsweringSettings
    ) throws -> QuestionPrompts {
        let folder = URL(fileURLWithPath: model)
        let prompts = try QuestionPrompts(
            LlavaConfiguration(folder: folder), Tokenizer(contentsOf: folder),
            recipe.conversation(of: folder))
        for benchmark in benchmarks {
            try prompts.check(asked(benchmark, recipe), of: benchmark.name)
            for question in asked(benchmark, recipe) {
                if case .damaged(let error) = question.image { throw error }
            }
        }
        return prompts
    }

    /// Answers what the file does not have yet, image by image.
    ///
    /// - Parameters:
    ///   - file: of the answers in the order of asking
    ///   - identity: of the run
    /// - Returns: all answers in the order of the questions
    private func answer(
        _ benchmark: any Benchmark, _ answerer: Answerer, _ file: URL, of identity: String,
        _ interruption: Interruption
    ) throws -> [AnswerRecord] {
        let name = benchmark.name
        let inOrder = asked(benchmark, answerer.recipe)
        let order = inOrder.byImage
        let questions = order.map { inOrder[$0] }
        // One process keeps the answers; where they go on all must know.
        let source = modelId ?? URL(fileURLWithPath: model).lastPathComponent
        let kept =
            answerer.ranks.isFirst ? try resume(questions, file, of: "\(identity)\n\(source)") : nil
        let done = try answerer.ranks.ofFirst(kept?.answers.count ?? 0)
        let progress = ProgressReporter(
            "answering \(name)", total: questions.count, done: done, unit: "questions")
        func goOn() throws {
            guard interruption.isRequested else { return }
            throw StageError.interrupted(
                "the answers so far are in \(file.path); run the same command to go on")
        }
        var answers = kept?.answers ?? []
        // Closed here and only here, also after an interruption: several workers may notice that.
        let answering = Result {
            try answerer.answer(
                Array(questions[done...]), of: benchmark, modelID: source, beforeStep: goOn
            ) { record in
                try kept?.writer.append(String(record.encodedLine.dropLast()))
                answers.append(record)
                progress.advance()
            }
        }
        try kept?.writer.close()
        try answering.get()
        progress.finish()
        return zip(order, answers).sorted { $0.0 < $1.0 }.map(\.1)
    }

    /// The answers that an earlier attempt has left, and the file for more.
    private func resume(_ questions: [Question], _ file: URL, of identity: String) throws -> (
        writer: ResumableLines, answers: [AnswerRecord]
    ) {
        let writer = try ResumableLines(file, of: identity)
        if writer.isDamaged {
            StandardError.write(
                "answer-benchmarks: warning: \(file.path) is damaged, or of another run, after line "
                    + "\(writer.kept); going on from there")
        }
        let known = try AnswerFile(file).records
        guard known.count <= questions.count,
            zip(known, questions).allSatisfy({ $0.questionID == $1.id && $0.prompt == $1.savedPrompt })
        else {
            throw StageError.usage(
                "\(file.path) has answers to other questions; give another --out, or --force to start over")
        }
        return (writer, known)
    }

    private func openBenchmarks(_ recipe: AnsweringSettings) throws -> [any Benchmark] {
        let folders = try BenchmarkFolders(
            named: benchmarkFolders.map { ($0.name, $0.url) },
            parent: benchmarks.map { URL(fileURLWithPath: $0) }, wanted: recipe.benchmarks)
        return try folders.map { name, folder in
            let benchmark = try BenchmarkList.open(name, at: folder)
            guard !benchmark.questions.isEmpty else {
                throw BenchmarkError.noQuestions(folder: folder.path, notices: benchmark.notices)
            }
            return benchmark
        }
    }

    /// The benchmark's texts by content; its images, which may be many gigabytes, by name and size.
    private static func digest(_ benchmark: any Benchmark) throws -> String {
        let sizes = try FolderListing.files(below: benchmark.folder).map { name in
            let values = try benchmark.folder.appendingPathComponent(name).resourceValues(forKeys: [
                .fileSizeKey
            ])
            return "\(name) \(values.fileSize ?? 0)"
        }
        return Digest.sha256("\(try benchmark.digest())\n\(sizes.joined(separator: "\n"))")
    }

    private static let stateFile = "answering.txt"

    /// Removes answers that another recipe or model began; leaves those of this run to go on from.
    private func forgetOtherRuns(_ run: StageRun, _ benchmarks: [any Benchmark]) throws {
        let state = run.output.appendingPathComponent(Self.stateFile)
        if !configuration.force, let begun = try? String(contentsOf: state, encoding: .utf8),
            begun == run.identity.text
        {
            return
        }
        for benchmark in benchmarks {
            for file in [run.answers(to: benchmark), run.answersSoFar(to: benchmark)] {
                guard unlink(file.path) == 0 || errno == ENOENT else {
                    throw FilesError.system(
                        path: file.path, operation: "remove the answers of another run", code: errno)
                }
            }
        }
        try AtomicOutput.writeAtomically(run.identity.text, to: state)
    }
}

extension StageRun {
    /// The file of the answers to a benchmark.
    fileprivate func answers(to benchmark: any Benchmark) -> URL {
        output.appendingPathComponent("\(benchmark.name).jsonl")
    }

    /// Those that an unfinished run has, in the order of asking.
    fileprivate func answersSoFar(to benchmark: any Benchmark) -> URL {
        output.appendingPathComponent("\(benchmark.name).so-far.jsonl")
    }
}
