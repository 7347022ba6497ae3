import ArgumentParser
import Distillation
import Files
import Foundation
import Models
import Shards
import Stage
import Tensors

/// What cache.yaml may say.
struct CacheRecipe: Recipe {
    /// Ids kept a position; null keeps all (small vocabularies).
    var topK: Int? = 64
    /// Ids at or above it are left out before normalising; null: the teacher's vocabulary. Set it to the smallest student's.
    var commonVocabulary: Int?
    /// 0-based teacher layer of IVA; null measures the relevance of all and takes the highest (Eq. 4).
    var saliencyLayer: Int?
    var relevance = Relevance()
    /// Rows of one forward pass at most.
    var microBatchRows = 8192

    struct Relevance: Codable, Sendable {
        /// Random pairs of inputs looked at (the paper's 1,000).
        var pairs = 1000
        /// Enough is known when every layer's standard error is below this.
        var standardError = 0.002
        var seed: UInt64 = 0

        enum CodingKeys: String, CodingKey {
            case pairs, seed
            case standardError = "standard_error"
        }
    }

    enum CodingKeys: String, CodingKey {
        case relevance
        case topK = "top_k"
        case commonVocabulary = "common_vocabulary"
        case saliencyLayer = "saliency_layer"
        case microBatchRows = "micro_batch_rows"
    }

    func validate() throws {
        try SettingProblem.require(topK ?? 1, "top_k", in: 1...1_000_000)
        try SettingProblem.require(commonVocabulary ?? 1, "common_vocabulary", in: 1...(1 << 29))
        try SettingProblem.require(saliencyLayer ?? 0, "saliency_layer", in: 0...10_000)
        try SettingProblem.require(relevance.pairs, "relevance.pairs", in: 1...1_000_000)
        try SettingProblem.require(microBatchRows, "micro_batch_rows", in: 1...10_000_000)
    }
}

struct CacheTeacher: ParsableCommand {
    static let configuration = StageHelp.configuration(
        "cache-teacher", abstract: "Compute the teacher's outputs once for every run that may use them.",
        discussion: """
            For each shard: the teacher's most probable tokens at response and visual positions with their log-probabilities, and the attention
            of the instruction to the image (alpha of Eq. 3) in the layer that depends most on it (highest IRS, Eq. 4). Entries are named by a
            digest of teacher, shard and settings; entries that are there already are used, whoever made them.
            """,
        example: "cache-teacher --config cache.yaml --teacher teacher --shards shards --cache cache --out teacher-outputs")

    @OptionGroup var configuration: ConfigurationOptions
    @Option(help: "Folder of the teacher's checkpoint.") var teacher: String
    @Option(help: "Folder of the shards.") var shards: String
    @Option(help: "Folder of the store; may be shared by runs and machines.") var cache = "cache"
    @Option(help: "Folder for this run's index of entries and the receipt.") var out: String

    func run() throws {
        let recipe = try configuration.recipe(CacheRecipe.self)
        let folder = URL(fileURLWithPath: teacher)
        let digest = try TeacherCache.digest(ofModel: folder)
        let run = try StageRun(
            "cache-teacher", recipe: recipe,
            inputs: [StageInput("teacher", folder, digest: digest), StageInput("shards", URL(fileURLWithPath: shards))],
            output: URL(fileURLWithPath: out), options: configuration)
        if try run.isUpToDate() { return }
        let dataset = try ShardDataset(URL(fileURLWithPath: shards))
        let model = try LlavaModel(folder: folder)
        try dataset.require(model, folder: folder)
        let vocabulary = model.language.vocabularySize
        let common = recipe.commonVocabulary ?? vocabulary
        guard common <= vocabulary else {
            throw SettingProblem("common_vocabulary", "is \(common), the teacher's vocabulary has \(vocabulary) ids")
        }
        let layers = model.language.configuration.layers
        if let layer = recipe.saliencyLayer, layer >= layers {
            throw SettingProblem("saliency_layer", "is \(layer), the teacher has layers 0 to \(layers - 1)")
        }
        try run.begin()
        var outputs = TeacherOutputs(model)
        outputs.rowLimit = recipe.microBatchRows
        let store = TeacherCache(URL(fileURLWithPath: cache))
        let relevance = recipe.saliencyLayer == nil ? try measure(outputs, dataset, recipe, store, digest) : nil
        let best = relevance.flatMap { relevance in
            relevance.scores.indices.max { relevance.scores[$0] < relevance.scores[$1] }
        }
        let settings = TeacherOutputSettings(
            topK: recipe.topK, commonVocabulary: common, saliencyLayer: recipe.saliencyLayer ?? best ?? 0)
        StandardError.write("cache-teacher: alpha from layer \(settings.saliencyLayer), BLAS kernels \(Machine.blasCore)")
        let (entries, reused) = try fill(outputs, dataset, settings, store, digest)
        try TeacherCacheIndex(teacher: digest, shards: dataset.digest, settings: settings, relevance: relevance, entries: entries)
            .write(to: URL(fileURLWithPath: out))
        let bytes = entries.reduce(0) { $0 + $1.bytes }
        let positions = entries.reduce(0) { $0 + $1.positions }
        let tail = positions == 0 ? 0 : entries.reduce(0) { $0 + $1.meanTailMass * Double($1.positions) } / Double(positions)
        StandardError.write(String(
            format: "cache-teacher: reused %d/%d, %d positions, %.1f MB, %.1f bytes a position, tail mass %.2g mean, %.2g worst", reused,
            entries.count, positions, Double(bytes) / 1e6, Double(bytes) / Double(max(1, positions)), tail,
            entries.map(\.worstTailMass).max() ?? 0))
        try run.finish(
            counts: [
                "entries": .int(entries.count), "reused": .int(reused), "positions": .int(positions), "bytes": .int(bytes),
                "saliency_layer": .int(settings.saliencyLayer), "mean_tail_mass": .number(tail),
            ], blasCore: Machine.blasCore)
    }

    /// IRS of all layers, from the store where an earlier run measured the same.
    private func measure(
        _ outputs: TeacherOutputs, _ dataset: ShardDataset, _ recipe: CacheRecipe, _ store: TeacherCache, _ teacher: String
    ) throws -> TeacherCacheIndex.Relevance {
        let settings = recipe.relevance
        let key = Digest.sha256("align-ti relevance 1\n\(teacher)\n\(dataset.digest)\n\(settings.pairs) \(settings.standardError) \(settings.seed)")
        if let known = try store.relevance(key) { return known }
        let progress = ProgressReporter("measuring relevance", total: settings.pairs, unit: "pairs")
        let measured = try outputs.relevance(
            over: dataset, pairs: settings.pairs, seed: settings.seed, standardError: settings.standardError) { progress.update($0) }
        progress.finish()
        let relevance = TeacherCacheIndex.Relevance(
            pairs: measured.pairs, scores: measured.scores, standardErrors: measured.standardErrors)
        let list = zip(relevance.scores, relevance.standardErrors).map { String(format: "%.3f±%.3f", $0, $1) }
        StandardError.write("cache-teacher: IRS by layer \(list.joined(separator: " ")) over \(relevance.pairs) pairs")
        try store.write(relevance, key: key)
        return relevance
    }

    private func fill(
        _ outputs: TeacherOutputs, _ dataset: ShardDataset, _ settings: TeacherOutputSettings, _ store: TeacherCache, _ teacher: String
    ) throws -> (entries: [TeacherCacheIndex.Entry], reused: Int) {
        let interruption = Interruption()
        let progress = ProgressReporter("teacher outputs", total: dataset.count, unit: "samples")
        var (entries, reused, done) = ([TeacherCacheIndex.Entry](), 0, 0)
        for (number, shard) in dataset.index.shards.enumerated() {
            guard !interruption.isRequested else {
                throw StageError.interrupted("\(number) of \(dataset.index.shards.count) shards are done; run the same command to go on")
            }
            let key = TeacherCache.key(teacher: teacher, shard: shard.rawSHA256, settings: settings)
            var entry = store.summary(key, shard: shard.file)
            if entry == nil {
                let made = try outputs.shard(number, of: dataset, settings: settings) { progress.update(done + $0) }
                try store.write(made, key: key)
                entry = store.summary(key, shard: shard.file)
            } else {
                reused += 1
            }
            guard let entry else { throw DistillationError.missingEntry(path: store.path(key).path, shard: shard.file) }
            entries.append(entry)
            done += shard.samples
            progress.update(done)
        }
        progress.finish()
        return (entries, reused)
    }
}
