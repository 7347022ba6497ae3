import Settings
import Shards

/// How much of one source an epoch has.
public struct SourceShare: Recipe, Equatable {
    @Setting(
        "Times that the source's samples are seen in an epoch; of a part of a time each epoch draws its own.",
        in: Bounds.above(0, to: 1000))
    public var weight = 1.0
    @Setting(
        "Samples of the source in an epoch, however many it has; of a smaller data_fraction of the recipe "
            + "that share of them.", in: 1...1_000_000_000,
        null: "weight says it")
    public var samples: Int?
    @Setting(
        "Share of the source's samples that is used at all.", in: Bounds.above(0, to: 1),
        null: "data_fraction")
    public var dataFraction: Double?

    /// How often a sample can be seen in an epoch.
    static let mostTimes = 1000

    public init() {}

    public func validate() throws {
        if samples != nil, weight != 1 {
            throw SettingProblem("samples", "is set, and weight is \(weight): give one")
        }
    }

    /// Samples in an epoch, of so many that are used.
    func count(of used: Int) -> Int { samples ?? Int((weight * Double(used)).rounded(.up)) }
}

extension [String: SourceShare] {
    /// The shares by source; those that are not named have one of `fraction`.
    ///
    /// - Throws: `SettingProblem` for a name that no source has
    func shares(of dataset: ShardDataset, fraction: Double) throws -> [SourceShare] {
        let names = dataset.sources.map(\.name)
        if let unknown = keys.filter({ !names.contains($0) }).min() {
            let known = names.filter { !$0.isEmpty }
            throw SettingProblem(
                "mixture.\(unknown)",
                "is no source of the shards; "
                    + (known.isEmpty
                        ? "name them: --shards \(unknown)=folder"
                        : "they are \(known.joined(separator: ", "))"))
        }
        return try dataset.sources.map { source in
            var share = self[source.name] ?? SourceShare()
            if share.dataFraction == nil {
                share.dataFraction = fraction
                // As with a weight, a part of the data makes a part of an epoch.
                share.samples = share.samples.map { SampleStream.used(of: $0, fraction: fraction) }
            }
            let used = SampleStream.used(of: source.samples.count, fraction: share.dataFraction ?? 1)
            if let samples = share.samples, samples / Swift.max(1, used) > SourceShare.mostTimes {
                throw SettingProblem(
                    "mixture.\(source.name).samples",
                    "is \(samples), more than \(SourceShare.mostTimes) times the \(used) samples of the "
                        + "source"
                )
            }
            return share
        }
    }
}
