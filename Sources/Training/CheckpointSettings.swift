import Settings

/// Which checkpoints a training leaves on its way, each a whole folder below `checkpoints/` that can be
/// asked, scored and exported as the last one can.
public struct CheckpointSettings: Recipe, Equatable {
    @Setting("Steps between two checkpoints.", in: 1...1_000_000_000, null: "none", changesResult: false)
    public var every: Int?
    @Setting(
        "Newest checkpoints that are kept; the best one is kept besides.", in: 1...1_000_000,
        changesResult: false)
    public var keep = 3
    @Setting(
        "Whether the stage's result is the checkpoint with the lowest held-back loss, not the last one; "
            + "needs --validation.")
    public var best = false

    public init() {}
}
