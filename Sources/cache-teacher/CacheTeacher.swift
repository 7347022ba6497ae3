import ArgumentParser
import Distillation
import Files
import Foundation
import Models
import Processors
import Ranks
import Shards
import Stage
import TeacherStore
import Tensors

struct CacheTeacher: RecipeCommand {
    typealias StageRecipe = CacheSettings

    static let configuration = StageHelp.configuration(
        "cache-teacher", abstract: "Compute the teacher's outputs once for every run that may use them.",
        discussion: """
            For each shard: the teacher's most probable tokens at response and visual positions with their \
            log-probabilities, and the attention of the instruction to the image (alpha of Eq. 3) in the \
            layer that depends most on it (highest IRS, Eq. 4). Entries are named by a digest of teacher, \
            shard and settings; entries that are there already are used, whoever made them. Several \
            processes, also of several hosts, may fill one store at the same time: start the same command \
            again with another --out. --plan, --list, --check and --prune look after the store instead.
            """,
        example: """
            cache-teacher --config pipelines/demo/cache.yaml \\
              --teacher runs/demo/teacher --shards runs/demo/shards/distill \\
              --cache cache --out runs/demo/teacher-outputs
            cache-teacher --prune --cache cache --index runs
            """)

    enum Chore: String, EnumerableFlag {
        case estimate, list, check, prune, relevance

        /// What a run will take has one name in all stages.
        static func name(for value: Chore) -> NameSpecification {
            value == .estimate ? [.customLong("plan"), .customLong("estimate")] : .long
        }

        static func help(for value: Chore) -> ArgumentHelp? {
            switch value {
            case .estimate:
                "Only print what --shards will take, from a few samples; writes nothing."
            case .list: "List what the store holds, by teacher and settings."
            case .check:
                ArgumentHelp(
                    "Read every byte of the store; with --teacher and --shards also recompute a sample of "
                        + "it. Damaged entries are set aside.")
            case .prune: "List entries that no index names, and their sizes; --yes deletes them."
            case .relevance: "Print the IRS of the layers that the index in --out has."
            }
        }
    }

    @OptionGroup var configuration: ConfigurationOptions
    @Flag(exclusivity: .exclusive) var chore: Chore?
    @Option(help: "Folder of the teacher's checkpoint.") var teacher: String?
    @Option(
        help: ArgumentHelp(
            "Folder of the shards; may be repeated with names: relevance is measured on the first.",
            valueName: SourceFolder.valueName))
    var shards: [SourceFolder] = []
    @Option(help: "Folder of the store; may be shared by runs and machines.") var cache = "cache"
    @Option(help: "Folder for this run's index of entries and the receipt.") var out: String?
    @Option(help: "Seconds without a heartbeat after which another host's claim on a shard counts as dead.")
    var claimExpiry = 120.0
    @Option(help: "Samples that --plan and --check compute.") var sample = 32
    @Option(help: "Samples that --plan is to count on; those of --shards unless given.") var scaleTo: Int?
    @Option(
        help: ArgumentHelp(
            "Folder below which --prune looks for the index.json of runs that need their entries; may be "
                + "repeated."))
    var index: [String] = ["runs"]
    @Flag(help: "Let --prune delete.") var yes = false

    func validate() throws {
        guard chore == nil || chore == .estimate || (teacher == nil) == shards.isEmpty else {
            throw ValidationError("--teacher and --shards go together")
        }
        guard claimExpiry > 0, sample > 0, scaleTo ?? 1 > 0 else {
            throw ValidationError("--claim-expiry, --sample and --scale-to are above 0")
        }
    }

    var store: Store { Store(URL(fileURLWithPath: cache), digests: configuration.digests) }

    func folder(_ value: String?, _ option: String) throws -> URL {
        guard let value else { throw ValidationError("Missing expected argument '--\(option) <\(option)>'") }
        return URL(fileURLWithPath: value)
    }

    func run() throws {
        if chore != nil, let threads = configuration.threads { AllowedProcessors.limit(to: threads) }
        switch chore {
        case nil: try fill()
        case .estimate: try estimate()
        case .list: try list()
        case .check: try check()
        case .prune: try prune()
        case .relevance: try printRelevance()
        }
    }

    private func fill() throws {
        let recipe = try self.recipe()
        let ranks = try Ranks.started()
        let (folder, output) = (try folder(teacher, "teacher"), try folder(out, "out"))
        let sources = try shards.sources("--shards")
        let digest = try store.digest(ofModel: folder)
        let run = try StageRun(
            "cache-teacher", recipe: recipe,
            inputs: [configuration.input("teacher", folder, digest: digest)]
                + shards.inputs("shards").map {
                    try configuration.input($0.name, $0.url, isHeldElsewhere: ShardFormat.isShard)
                },
            output: output, options: configuration, ranks: ranks)
        if try ranks.ofFirst(isServed(output)), try run.isUpToDate() { return }
        let dataset = try ShardDataset(sources, shardsHeld: TeacherOutputs.relevanceShards)
        let teacher = Teacher(folder, recipe)
        try dataset.require(modelIn: folder)
        try recipe.check(for: teacher.configuration())
        try run.begin()
        let interruption = Interruption()
        let isInterrupted = { interruption.isRequested }
        // A claim that stays behind is taken over; an entry appears whole or not at all.
        interruption.endsProcess("cache-teacher") {
            "the shard that was being computed is not kept; run the same command to go on"
        }
        // The processes share the shards by their claims, as those of several hosts do.
        let log =
            ranks.isFirst ? try FillingLog(output.appendingPathComponent(FillingLog.file)) : nil
        let filling = Filling(store, claims: Claims(store, expiry: claimExpiry))
        let relevance =
            recipe.saliencyLayer == nil
            ? try measure(teacher, dataset, recipe, filling, digest, isInterrupted) : nil
        let settings = try recipe.outputs(teacher.configuration(), layer: relevance?.bestLayer ?? 0)
        StandardError.write("cache-teacher: alpha from layer \(settings.saliencyLayer)")

        let keys = dataset.index.shards.map {
            Store.key(teacher: digest, shard: $0.rawSHA256, settings: settings)
        }
        func index(complete: Bool) throws -> StoreIndex {
            let entries = try zip(dataset.shardNames, keys).map { shard, key in
                if let entry = try store.summary(key, shard: shard) { return entry }
                guard !complete else {
                    throw StoreError.missingEntry(path: store.path(key).path, shard: shard)
                }
                return StoreIndex.Entry(shard: shard, key: key)
            }
            return StoreIndex(
                teacher: digest, shards: dataset.digest, description: dataset.description, settings: settings,
                relevance: relevance,
                complete: complete, entries: entries)
        }
        // From here on nobody prunes what is being computed.
        if ranks.isFirst { try index(complete: false).write(to: output) }
        // What the store has was held to it when it was made.
        let isMissing = try zip(dataset.shardNames, keys).contains { try store.summary($1, shard: $0) == nil }
        // Nobody writes an entry before the first process has said that the teacher is good enough.
        let quantization = try ranks.ofFirst(
            isMissing ? teacher.quantizationError(over: dataset, settings) : nil)
        var counts = FillingCounts(dataset)
        let finished = try filling.run(keys, from: Int(getpid()) * 7919, stop: isInterrupted) { number in
            let shard = try teacher.outputs(for: dataset).shard(number, of: dataset, settings: settings) {
                counts.progress($0)
            }
            return (
                shard,
                Seal.Origin(
                    teacher: digest, shard: dataset.index.shards[number].rawSHA256, settings: settings)
            )
        } report: { event in
            try counts.count(event, keys)
            try log?.write(event, keys)
        }
        guard finished else {
            throw StageError.interrupted(
                "\(counts.done) of \(keys.count) shards are done; run the same command to go on")
        }
        guard ranks.isFirst else { return }
        let complete = try index(complete: true)
        try complete.write(to: output)
        try run.finish(
            counts: counts.summary(complete, quantization), volatile: [FillingLog.file],
            blasCore: Machine.blasCore)
    }

    /// Whether the entries of a finished run are still in the store: its receipt alone does not know.
    private func isServed(_ output: URL) throws -> Bool {
        guard let index = try? StoreIndex(folder: output) else { return true }  // the receipt decides
        let lost = try index.entries.count { try store.summary($0.key, shard: $0.shard) == nil }
        if index.complete, lost > 0 {
            StandardError.write(
                "cache-teacher: \(lost) of \(index.entries.count) entries are not in \(cache) any more")
        }
        return index.complete && lost == 0
    }

    /// IRS of all layers, from the store where an earlier run measured the same.
    private func measure(
        _ teacher: Teacher, _ dataset: ShardDataset, _ recipe: CacheSettings, _ filling: Filling,
        _ digest: String,
        _ isInterrupted: () -> Bool
    ) throws -> InstructionRelevance {
        let settings = recipe.relevance
        let key = Digest.sha256(
            "align-ti relevance 4\n\(digest)\n\(dataset.digest(of: dataset.sources[0]))\n\(settings.pairs) "
                + "\(settings.standardError) \(settings.seed)"
                + "\(recipe.precision.supported == .fp32 ? "" : " \(recipe.precision.supported.rawValue)")"
        )
        let relevance = try filling.relevance(key, stop: isInterrupted) {
            let progress = ProgressReporter("measuring relevance", total: settings.pairs, unit: "pairs")
            let measured = try teacher.outputs(for: dataset).relevance(
                over: dataset, pairs: settings.pairs, seed: settings.seed,
                standardError: settings.standardError
            ) { progress.update($0) }
            progress.finish()
            return measured
        }
        guard let relevance else {
            throw StageError.interrupted("the relevance is not measured; run the same command to go on")
        }
        let list = zip(relevance.scores, relevance.standardErrors).map { String(format: "%.3f±%.3f", $0, $1) }
        StandardError.write(
            "cache-teacher: IRS by layer \(list.joined(separator: " ")) over \(relevance.pairs) pairs")
        return relevance
    }
}
