import Settings

/// How exposure bias is measured (appendix B.4).
public struct ExposureSettings: Recipe {
    @Setting(
        "Length of a response that is looked at, and sampled, at most: the largest l.", unit: "tokens",
        in: 1...1_048_576, equation: "Eq. 9 to 13")
    public var length = 64
    @Setting(
        "Samples whose longest answer is shorter are left out; a short answer says nothing about errors that "
            + "add up.", unit: "tokens", in: 1...1_048_576)
    public var minimumResponse = 1
    @Setting("First samples, of those that remain, that are looked at.", in: 1..., null: "all")
    public var samples: Int?
    @Setting("Share of resamples within a band.", in: Bounds.above(0, below: 1)) public var confidence = 0.95
    @Setting("Bootstrap resamples of the bands.", in: 1...1_000_000) public var resamples = 1000
    @Setting("Seed of the sampled responses and the resamples.") public var seed: UInt64 = 0
    @Setting("Rows of one forward pass at most, visual tokens included.", unit: "tokens", in: 1...10_000_000)
    public var microBatchRows = 8192
    @Setting("Responses sampled side by side.", in: 1...4096) public var slots = 64

    public init() {}
}
