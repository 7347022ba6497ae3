import Settings

/// How many questions of each benchmark are asked.
public struct BenchmarkSizes: Recipe, Equatable {
    @Setting("GQA questions, one image each.", in: 1...100_000) public var gqa = 200
    @Setting(
        "ScienceQA questions with an image, one image each; the headline counts these alone.",
        in: 1...100_000)
    public var scienceqaImage = 200
    @Setting("ScienceQA questions without an image.", in: 1...100_000) public var scienceqaText = 40
    @Setting("TextVQA questions, one image each.", in: 1...100_000) public var textvqa = 200
    @Setting("POPE images: three subsets of six questions for each.", in: 1...100_000)
    public var popeImages = 12
    @Setting("Images of each of MME's fourteen subtasks: two questions for each.", in: 1...100_000)
    public var mmeImages = 10
    @Setting(
        "MMBench question groups, one image each; a group of n options has n rows.", in: 1...100_000)
    public var mmbench = 200

    public init() {}

    /// Sizes, each as its setting has it.
    public init(
        gqa: Int, scienceqaImage: Int, scienceqaText: Int, textvqa: Int, popeImages: Int, mmeImages: Int,
        mmbench: Int
    ) {
        (self.gqa, self.scienceqaImage, self.scienceqaText) = (gqa, scienceqaImage, scienceqaText)
        (self.textvqa, self.popeImages, self.mmeImages, self.mmbench) = (
            textvqa, popeImages, mmeImages, mmbench
        )
    }

    /// Half of everything: what validation needs.
    public static var half: BenchmarkSizes {
        let whole = BenchmarkSizes()
        return BenchmarkSizes(
            gqa: whole.gqa / 2, scienceqaImage: whole.scienceqaImage / 2,
            scienceqaText: whole.scienceqaText / 2, textvqa: whole.textvqa / 2,
            popeImages: whole.popeImages / 2, mmeImages: whole.mmeImages / 2, mmbench: whole.mmbench / 2)
    }
}

/// The recipe of a world. Counts suit a teacher of 2,000 caption steps and 3,000 mixed steps of 32 samples,
/// and students of 24,000 samples.
public struct WorldSettings: Recipe, Equatable {
    @Setting("Same seed, same bytes.") public var seed: UInt64 = 1

    @Setting("Objects of a scene at least; relations need two.", in: 2...8) public var minimumItems = 2
    @Setting("Objects of a scene at most.", in: 3...8) public var maximumItems = 5
    @Setting("Share of scenes with a sign.", in: 0...1) public var signShare = 0.4
    @Setting("Greatest change of a pixel value by noise.", in: 0...40) public var noise = 5
    @Setting("Quality of the JPEG files.", in: 1...100) public var jpegQuality = 92

    @Setting(
        "Entries of the tokenizer at most, added tokens included; the words of the world need 510.",
        in: 300...1000)
    public var vocabulary = 512
    @Setting(
        "Whether the sentences every prompt repeats are single tokens, which halves a four-turn sample.")
    public var phraseTokens = true

    @Setting("Distinct images of captions.json and mixed.json.", in: 1...1_000_000)
    public var teacherImages = 12_000
    @Setting("Samples of captions.json about an image.", in: 1...100) public var captionsPerImage = 2
    @Setting("Samples of mixed.json about an image.", in: 1...100) public var mixedPerImage = 2
    @Setting("Distinct images of student.json.", in: 1...1_000_000) public var studentImages = 8_000
    @Setting("Samples of student.json about an image.", in: 1...100) public var studentSamplesPerImage = 3
    @Setting("Samples of heldout.json, one image each.", in: 1...1_000_000) public var heldoutImages = 256

    @Setting("Share of captions in mixed.json and student.json; the rest are questions.", in: 0...1)
    public var captionShare = 0.3
    @Setting("Questions of a conversation.", in: 1...16) public var turns = 4
    @Setting(
        "Share of multiple-choice questions that are asked without their options in training.", in: 0...1)
    public var openShare = 0.4
    @Setting("Share of conversations without an image.", in: 0...1) public var textOnlyShare = 0.03
    @Setting("Label noise of student.json: probability that an answer is wrong.", in: 0...1)
    public var wrongAnswers = 0.1
    @Setting("Label noise of student.json: probability that a yes or no is wrong.", in: 0...1)
    public var wrongYesNo = 0.05

    @Setting("Questions under benchmarks/.") public var test = BenchmarkSizes()
    @Setting("Questions under validation/: for choosing settings, so that nothing is tuned on the test's.")
    public var validation = BenchmarkSizes.half

    public init() {}

    public func validate() throws {
        guard minimumItems <= maximumItems else {
            throw SettingProblem("maximum_items", "is \(maximumItems), expected \(minimumItems) to 8")
        }
    }
}
