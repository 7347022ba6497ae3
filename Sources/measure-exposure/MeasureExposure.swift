import Analysis
import ArgumentParser
import Distillation
import Files
import Foundation
import Models
import Ranks
import Records
import Report
import Settings
import Shards
import Stage
import Tensors
import Text

struct MeasureExposure: RecipeCommand {
    typealias StageRecipe = ExposureSettings

    static let configuration = StageHelp.configuration(
        "measure-exposure",
        abstract: "Measure how a student's errors add up on its own text, against a teacher.",
        discussion: """
            Walks held-back responses with the teacher and every student: E_train(l) along the data's own \
            responses, R(l) = E_test(l) along responses sampled from the student, E(l) along responses \
            sampled from the teacher, and %ExAccErr(l) = 100 (R - E) / E (Eq. 9-13), with bootstrap bands \
            over samples. Writes exposure.json, exposure.csv and samples.jsonl (every divergence), and \
            prints a table. An interrupted run goes on where it stopped.
            """,
        example: """
            measure-exposure --config pipelines/demo/exposure.yaml \\
              --teacher runs/demo/teacher --student sft=runs/demo/sft \\
              --student align-ti=runs/demo/align-ti --shards runs/demo/shards/heldout \\
              --out runs/demo/exposure
            """)

    @OptionGroup var configuration: ConfigurationOptions
    @Option(help: "Folder of the teacher's checkpoint.") var teacher: String
    @Option(
        name: .customLong("student"),
        help: ArgumentHelp(
            "A student's checkpoint; may be repeated. The others' %ExAccErr is compared with the first's.",
            valueName: NamedFolder.valueName))
    var students: [NamedFolder]
    @Option(help: "Folder of held-back shards, with long answers.") var shards: String
    @Option(help: "The largest l, in tokens; overrides the recipe's.") var length: Int?
    @Option(help: "Folder for exposure.json, exposure.csv, table.txt, samples.jsonl and the receipt.")
    var out: String

    func validate() throws { try students.requireDistinctNames("--student") }

    private static let stateFile = "measuring.txt"
    private static let tableFile = "table.txt"

    func run() throws {
        var recipe = try self.recipe()
        let ranks = try Ranks.started()
        if let length { recipe.length = length }
        do { try recipe.check() } catch let problem as SettingProblem {
            throw StageError.usage("--length: \(problem)")
        }
        let folders = [NamedFolder(name: "teacher", url: url(teacher))] + students
        let inputs =
            try [configuration.input("teacher", url(teacher))]
            + students.map { try configuration.input("student \($0.name)", $0.url) } + [
                configuration.input("shards", url(shards), isHeldElsewhere: ShardFormat.isShard)
            ]
        let run = try StageRun(
            "measure-exposure", recipe: recipe, inputs: inputs, output: url(out), options: configuration,
            ranks: ranks)
        run.forgetState = {
            ResumableLines.finish(file(ExposureRecords.file))
            unlink(file(Self.stateFile).path)
        }
        if try run.isUpToDate() {
            if ranks.isFirst { try configuration.show(tableIn: file(Self.tableFile)) }
            return
        }

        let dataset = try ShardDataset(url(shards))
        for named in folders {
            do { try dataset.require(modelIn: named.url) } catch let error as ShardsError {
                throw Unfit(model: "\(named.name) (\(named.url.path))", problem: "\(error)")
            }
        }
        let models = try folders.map { named in
            let model = try LlavaModel(folder: named.url)
            StandardError.write(model.notices, of: "measure-exposure")
            return model
        }
        let measurement = try ExposureMeasurement(
            teacher: models[0], students: Array(models.dropFirst()), dataset: dataset,
            endOfSequenceIDs: dataset.endOfSequenceIDs(models[0].configuration, folder: url(teacher)),
            settings: recipe)

        try run.begin()
        let records = try measure(measurement, run, students.map(\.name), ranks)
        guard ranks.isFirst else { return }
        let measured = ExposureFile(
            teacher: teacher, shards: shards, samples: records.count,
            leftOut: dataset.count - records.count, length: recipe.length, confidence: recipe.confidence,
            resamples: recipe.resamples,
            students: StudentExposure.all(
                records, names: students.map(\.name), length: recipe.length, confidence: recipe.confidence,
                resamples: recipe.resamples, seed: recipe.seed))
        let table = ExposureTable(measured)
        try AtomicOutput.writeAtomically(measured.text, to: file(ExposureFile.file))
        try AtomicOutput.writeAtomically(table.csv, to: file("exposure.csv"))
        try AtomicOutput.writeAtomically(table.text, to: file(Self.tableFile))
        try run.finish(
            counts: ["samples": .int(records.count), "left_out": .int(dataset.count - records.count)],
            excluding: [Self.stateFile], blasCore: Machine.blasCore)
        configuration.show(table: table.text)
    }

    /// The records that an earlier attempt has left, and the file for more.
    private func resume(_ measurement: ExposureMeasurement, _ run: StageRun, _ names: [String]) throws -> (
        ExposureRecords, [ExposureRecord]
    ) {
        let samples = file(ExposureRecords.file)
        // What another recipe or another model began is of no use.
        let begun = try? String(contentsOf: file(Self.stateFile), encoding: .utf8)
        if configuration.force || begun != run.identity.text {
            guard unlink(samples.path) == 0 || errno == ENOENT else {
                throw FilesError.system(
                    path: samples.path, operation: "remove the records of another run", code: errno)
            }
        }
        try AtomicOutput.writeAtomically(run.identity.text, to: file(Self.stateFile))
        let (records, earlier) = try ExposureRecords.open(
            samples, students: names, measurement: measurement, of: run.identity.text)
        if records.isDamaged {
            StandardError.write(
                "measure-exposure: warning: \(samples.path) is damaged, or of another run; what comes "
                    + "before that is kept")
        }
        if !earlier.isEmpty {
            StandardError.write("measure-exposure: going on after \(earlier.count) samples")
        }
        return (records, earlier)
    }

    private func measure(
        _ measurement: ExposureMeasurement, _ run: StageRun, _ names: [String], _ ranks: Ranks
    ) throws -> [ExposureRecord] {
        // One process keeps the records; where they go on all must know.
        let kept = ranks.isFirst ? try resume(measurement, run, names) : nil
        var known = try ranks.ofFirst(kept?.1 ?? [])
        let progress = ProgressReporter(
            "walking", total: measurement.count, done: known.count, unit: "samples")
        let interruption = Interruption()
        let path = file(ExposureRecords.file).path
        interruption.endsProcess("measure-exposure") {
            "samples that are not finished are not kept; those before are in \(path); run the same command "
                + "to go on"
        }
        func endWhenAsked() throws {
            guard interruption.isRequested else { return }
            throw StageError.interrupted(
                "\(known.count) samples are in \(path); run the same command to go on")
        }
        try measurement.run(from: known.count, ranks: ranks, beforeStep: endWhenAsked) { chunk in
            try kept?.0.append(chunk)
            known += chunk
            progress.advance(by: chunk.count)
        }
        progress.finish()
        try kept?.0.close()
        return known
    }

    private func url(_ path: String) -> URL { URL(fileURLWithPath: path) }
    private func file(_ name: String) -> URL { url(out).appendingPathComponent(name) }
}

/// A model that cannot be run on the shards.
struct Unfit: ExitCoded, CustomStringConvertible {
    let model, problem: String
    var exitCode: Int32 { ExitStatus.badData }
    var description: String { "\(model): \(problem)" }
}
