import ArgumentParser
import Files
import Foundation
import Measuring
import Processors
import Stage
import Tensors

struct BenchAlignTI: ParsableCommand {
    static let configuration = StageHelp.configuration(
        "bench-align-ti",
        abstract: "Time training steps, teacher passes, decoding, tokenizing, images, shards and scoring.",
        discussion: """
            Every figure is measured in a process of its own, so that its peak memory is its own: the median \
            of several runs with the least and the most. One JSON object a figure goes to stdout, a table to \
            stderr. Compare figures of one run.

            Figures: \(Plan.names.joined(separator: ", ")).
            """,
        example: "bench-align-ti --config pipelines/bench/S.json --only align_ti,vanilla_kd")

    @Option(
        help: ArgumentHelp("Shapes of the model figures; may be repeated.", valueName: "file.json"))
    var config: [String] = []
    @Option(help: "Figures to measure, by name or beginning, separated by commas; all unless given.")
    var only: String?
    @Option(
        help: "fp32, bf16 or int8 (the teacher in int8, all else in bf16), or several, separated by commas.")
    var precision = "fp32"
    @Option(help: "Runs of each figure; the shapes say how many unless given.") var repeats: Int?
    @Option(
        help:
            "Threads to compute with, or several numbers, separated by commas; all cores unless given."
    )
    var threads: String?
    @Option(help: "tokenizer.json of the tokenizing figures; unless given that of the embedded world.")
    var tokenizer: String?
    @Option(help: "Text of the tokenizing figures; unless given that of the embedded world.") var text:
        String?
    @Option(help: "Folder for the inputs of the data figures, so that other programs can be given the same.")
    var inputs: String?
    @Option(help: "Folder of a trained checkpoint: adds how fast it answers.") var model: String?
    @Option(
        help: ArgumentHelp(
            "A benchmark: adds how fast its answers are scored.", valueName: NamedFolder.valueName))
    var benchmark: NamedFolder?
    @Flag(help: .hidden) var here = false

    func validate() throws {
        if let repeats, repeats < 1 { throw ValidationError("--repeats \(repeats): expected at least 1") }
        _ = try threadNumbers()
    }

    func run() throws {
        let threads = try threadNumbers()
        if here, let first = threads.first { AllowedProcessors.limit(to: first) }
        let precisions = try precision.split(separator: ",").map { name in
            guard let known = Precision(rawValue: String(name)) else {
                throw StageError.usage("--precision \(name): expected fp32, bf16 or int8")
            }
            return known
        }
        let shapes = try config.map { file in
            var shapes = try RecipeLoader.load(BenchShapes.self, configs: [URL(fileURLWithPath: file)])
            shapes.repeats = repeats ?? shapes.repeats
            return (file: file, shapes: shapes)
        }
        let plan = try Plan(
            only: only, hasShapes: !config.isEmpty, hasModel: model != nil, hasBenchmark: benchmark != nil)
        if here {
            OwnProcess.endsWithParent()
            return try measureHere(plan, precisions, shapes.map(\.shapes))
        }
        var report = Report()
        // The numbers of threads of a figure in turn: what the machine does meanwhile, it does to all.
        let turns = threads.isEmpty ? [[]] : threads.map { ["--threads", String($0)] }
        for name in plan.dataFigures { for turn in turns { report.add(try child(name, turn)) } }
        for (file, shapes) in shapes {
            for precision in precisions {
                for name in plan.modelFigures(shapes) {
                    for turn in turns {
                        report.add(
                            try child(name, ["--config", file, "--precision", precision.rawValue] + turn))
                    }
                }
            }
        }
        StandardError.write(report.table)
    }

    /// The numbers of `--threads`, ascending.
    private func threadNumbers() throws -> [Int] {
        guard let threads else { return [] }
        return try Set(
            threads.split(separator: ",", omittingEmptySubsequences: false).map { word in
                guard let number = Int(word), number >= 1 else {
                    throw ValidationError("--threads \(threads): expected numbers from 1, such as 1,2,4")
                }
                guard number <= AllowedProcessors.count else {
                    throw ValidationError(
                        "--threads \(number): this process may run on \(AllowedProcessors.count)")
                }
                return number
            }
        ).sorted()
    }

    /// Measures one figure in a process of its own and passes its lines on.
    private func child(_ name: String, _ arguments: [String]) throws -> [JSONValue] {
        var all = ["--here", "--only", "=" + name] + arguments
        let options = [
            ("--tokenizer", tokenizer), ("--text", text), ("--inputs", inputs), ("--model", model),
            ("--benchmark", benchmark.map { "\($0.name)=\($0.url.path)" }),
            ("--repeats", repeats.map(String.init)),
        ]
        for case (let option, let value?) in options { all += [option, value] }
        StandardError.write(
            "bench-align-ti: \(name) \(arguments.filter { !$0.hasPrefix("--") }.joined(separator: " "))")
        let printed = String(decoding: try OwnProcess.output(of: name, arguments: all), as: UTF8.self)
        return try printed.split(separator: "\n").map { line in
            // Whole lines, at once: a reader may be waiting at the other end.
            print(line)
            fflush(nil)
            return try JSONValue(parsing: Array(line.utf8))
        }
    }

    /// The one figure this process is for.
    private func measureHere(_ plan: Plan, _ precisions: [Precision], _ shapes: [BenchShapes]) throws {
        let precision = precisions.first ?? .fp32
        var made: [Figure] = []
        if let shapes = shapes.first, let name = plan.modelFigures(shapes).first {
            guard precision.supported == precision else {
                throw MeasuringError.unavailable(
                    what: "--precision \(precision.rawValue): this processor has no such instructions")
            }
            made = [try modelFigure(name, ModelBench(shapes, precision: precision))]
            let rate = ModelBench.productRate(precision)
            for index in made.indices {
                made[index].compare(withProducts: rate)
                made[index].add("config", .string(shapes.name))
                made[index].add("precision", .string(precision.rawValue))
                made[index].add("blas", .string(Machine.blasCore))
            }
        } else if let name = plan.dataFigures.first {
            let data = BenchInputs(
                tokenizer: tokenizer, text: text, folder: inputs.map { URL(fileURLWithPath: $0) })
            let runs = repeats ?? 5
            made =
                switch name {
                case "answer": try AnsweringBench.answering(URL(fileURLWithPath: model ?? ""), repeats: runs)
                case "score":
                    try benchmark.map { try ScoringBench.scoring($0, repeats: runs) } ?? []
                default: try DataBench(inputs: data, repeats: runs).figures(name)
                }
        }
        for var figure in made {
            figure.add("threads", .int(AllowedProcessors.count))
            print(JSONValue.object(figure.line).text(.line))
        }
    }

    private func modelFigure(_ name: String, _ bench: ModelBench) throws -> Figure {
        switch name {
        case "sft": try bench.training(.sft)
        case "vanilla_kd": try bench.training(.vanillaKD)
        case "align_ti": try bench.training(.alignTI)
        case "align_ti_peaked": try bench.training(.alignTI, candidates: .peaked(probability: 0.67))
        case "align_ti_peaked_cached":
            try bench.training(.alignTI, candidates: .peaked(probability: 0.67), cached: true)
        case "teacher_plain": try bench.teacherPlain()
        case "teacher_ribbon": try bench.teacherRibbon()
        case "answer_16_an_image": try bench.answering(perImage: 16)
        case "cache_3_an_image": try bench.caching(perImage: 3)
        default: try bench.decoding(batch: Int(name.dropFirst("decode_b".count)) ?? 1)
        }
    }
}
