import Settings

/// When and on how much a training looks at samples that it is not trained on.
public struct ValidationSettings: Recipe, Equatable {
    @Setting(
        "Steps between two looks at the held-back samples; one comes before the first step, one at the end.",
        in: 1...1_000_000_000,
        changesResult: false)
    public var every = 200
    @Setting("Samples at most, the same at every look.", in: 1...1_000_000, changesResult: false)
    public var samples = 256
    @Setting(
        "Looks in a row at which the loss was higher than at the one before, after which a warning is given.",
        in: 1...1_000_000, changesResult: false)
    public var patience = 3
    @Setting(
        "Whether the teacher, where one is given, is asked too: for its own quality, the agreement with it "
            + "and the terms that compare.", changesResult: false)
    public var teacher = true

    public init() {}
}
