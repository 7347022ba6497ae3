/// How many questions of each benchmark are asked.
public struct BenchmarkSizes: Codable, Equatable, Sendable {
    /// GQA questions, one image each.
    public var gqa: Int
    /// ScienceQA questions with an image, one image each; the headline counts these alone.
    public var scienceqaImage: Int
    /// ScienceQA questions without an image.
    public var scienceqaText: Int
    /// TextVQA questions, one image each.
    public var textvqa: Int
    /// POPE images: three subsets of six questions for each.
    public var popeImages: Int
    /// Images of each of MME's fourteen subtasks: two questions for each.
    public var mmeImages: Int
    /// MMBench question groups, one image each; a group of n options has n rows.
    public var mmbench: Int

    enum CodingKeys: String, CodingKey {
        case gqa, textvqa, mmbench
        case scienceqaImage = "scienceqa_image"
        case scienceqaText = "scienceqa_text"
        case popeImages = "pope_images"
        case mmeImages = "mme_images"
    }

    public init(
        gqa: Int = 200, scienceqaImage: Int = 200, scienceqaText: Int = 40, textvqa: Int = 200,
        popeImages: Int = 12,
        mmeImages: Int = 10, mmbench: Int = 200
    ) {
        (self.gqa, self.scienceqaImage, self.scienceqaText) = (gqa, scienceqaImage, scienceqaText)
        (self.textvqa, self.popeImages, self.mmeImages, self.mmbench) = (
            textvqa, popeImages, mmeImages, mmbench
        )
    }

    /// Half of everything: what validation needs.
    public static let validationDefault = BenchmarkSizes(
        gqa: 100, scienceqaImage: 100, scienceqaText: 20, textvqa: 100, popeImages: 6, mmeImages: 5,
        mmbench: 100)

    func check(_ name: String) throws {
        for (key, value) in [
            ("gqa", gqa), ("scienceqa_image", scienceqaImage), ("scienceqa_text", scienceqaText),
            ("textvqa", textvqa),
            ("pope_images", popeImages), ("mme_images", mmeImages), ("mmbench", mmbench),
        ] { try WorldSettings.check("\(name).\(key)", value, 1...100_000) }
    }
}

/// The recipe of a world. Counts suit a teacher of 2,000 caption steps and 3,000 mixed steps of 32 samples,
/// and students of 24,000 samples.
public struct WorldSettings: Codable, Equatable, Sendable {
    /// Same seed, same bytes.
    public var seed: UInt64 = 1

    /// Objects of a scene, at least 2 (relations need two) and at most 8.
    public var minimumItems = 2
    public var maximumItems = 5
    /// Share of scenes with a sign.
    public var signShare = 0.4
    /// Greatest change of a pixel value by noise.
    public var noise = 5
    /// 1-100.
    public var jpegQuality = 92

    /// Most entries of the tokenizer, added tokens included; the words of the world need 510.
    public var vocabulary = 512
    /// Whether the sentences every prompt repeats are single tokens, which halves a four-turn sample.
    public var phraseTokens = true

    /// Distinct images of `captions.json` and `mixed.json`.
    public var teacherImages = 12_000
    public var captionsPerImage = 2
    public var mixedPerImage = 2
    /// Distinct images of `student.json`.
    public var studentImages = 8_000
    public var studentSamplesPerImage = 3
    /// Samples of `heldout.json`, one image each.
    public var heldoutImages = 256

    /// Share of captions in `mixed.json` and `student.json`; the rest are questions.
    public var captionShare = 0.3
    /// Questions of a conversation.
    public var turns = 4
    /// Share of multiple-choice questions that are asked without their options in training.
    public var openShare = 0.4
    /// Share of conversations without an image.
    public var textOnlyShare = 0.03
    /// Label noise of `student.json`: probability that an answer is wrong, and that a yes or no is.
    public var wrongAnswers = 0.1
    public var wrongYesNo = 0.05

    /// Questions under `benchmarks/`.
    public var test = BenchmarkSizes()
    /// Questions under `validation/`: for choosing settings, so that nothing is tuned on the test questions.
    public var validation = BenchmarkSizes.validationDefault

    enum CodingKeys: String, CodingKey {
        case seed, noise, vocabulary, turns, test, validation
        case minimumItems = "minimum_items"
        case maximumItems = "maximum_items"
        case signShare = "sign_share"
        case jpegQuality = "jpeg_quality"
        case phraseTokens = "phrase_tokens"
        case teacherImages = "teacher_images"
        case captionsPerImage = "captions_per_image"
        case mixedPerImage = "mixed_per_image"
        case studentImages = "student_images"
        case studentSamplesPerImage = "student_samples_per_image"
        case heldoutImages = "heldout_images"
        case captionShare = "caption_share"
        case openShare = "open_share"
        case textOnlyShare = "text_only_share"
        case wrongAnswers = "wrong_answers"
        case wrongYesNo = "wrong_yes_no"
    }

    public init() {}

    /// - Throws: `WorldError.setting` for the first value out of range
    public func check() throws {
        try Self.check("minimum_items", minimumItems, 2...8)
        try Self.check("maximum_items", maximumItems, max(3, minimumItems)...8)
        try Self.check("noise", noise, 0...40)
        try Self.check("jpeg_quality", jpegQuality, 1...100)
        try Self.check("vocabulary", vocabulary, 300...1000)
        try Self.check("teacher_images", teacherImages, 1...1_000_000)
        try Self.check("captions_per_image", captionsPerImage, 1...100)
        try Self.check("mixed_per_image", mixedPerImage, 1...100)
        try Self.check("student_images", studentImages, 1...1_000_000)
        try Self.check("student_samples_per_image", studentSamplesPerImage, 1...100)
        try Self.check("heldout_images", heldoutImages, 1...1_000_000)
        try Self.check("turns", turns, 1...16)
        for (key, share) in [
            ("sign_share", signShare), ("caption_share", captionShare), ("open_share", openShare),
            ("text_only_share", textOnlyShare),
            ("wrong_answers", wrongAnswers), ("wrong_yes_no", wrongYesNo),
        ] where !(share >= 0 && share <= 1) {
            throw WorldError.setting(key: key, found: "\(share)", expected: "a number from 0 to 1")
        }
        try test.check("test")
        try validation.check("validation")
    }

    static func check(_ key: String, _ value: Int, _ range: ClosedRange<Int>) throws {
        guard range.contains(value) else {
            throw WorldError.setting(
                key: key, found: "\(value)",
                expected: "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
    }
}
