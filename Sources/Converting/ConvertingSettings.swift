import Benchmarks
import Files
import Settings
import Shards

/// What of a data set becomes conversations, and in which words. Where a set leaves a choice, the defaults
/// are those of LLaVA-1.5's mix of 665K (its paper's table of prompts), with which the benchmarks ask as
/// well.
public struct ConvertingSettings: Recipe, Equatable {
    @Setting(
        "Parts of the set that are converted. Benchmarks ask about test, or about val where test has no "
            + "published answers.")
    public var splits = [DataSplit.train]
    @Setting(
        "Folder before the name of every image, for sets whose images are packed from one place.",
        null: "names begin where the images of the set's manifest do")
    public var imageFolder: String?
    @Setting(
        "What happens with a row that makes no sample; skip leaves it out, counts it and lists it in "
            + "skipped.jsonl.")
    public var onBadSample = BadSamplePolicy.fail
    @Setting("Samples that are written.", in: 1..., null: "all") public var limit: Int?
    @Setting(
        "Line below the first question of a sample whose answers are short.", null: "no such line")
    public var shortAnswer: String? = Instruction.shortAnswer
    @Setting("Line below the choices of a question that a letter answers.", null: "no such line")
    public var multipleChoice: String? = Instruction.multipleChoice
    @Setting(
        "Question about a statement of vsr, which takes the place of {statement}; the answers are Yes and No."
    )
    public var statement = "Is the following statement about the image true? {statement}"
    @Setting(
        "Requests for a caption; where there are several, which one a sample has is decided by its id.")
    public var caption = ["Provide a one-sentence caption for the provided image."]
    @Setting(
        "Whether short answers begin with a capital letter: those of gqa, iconqa and visual-dialog, where a "
            + "letter's case says nothing.")
    public var capitalAnswers = true
    @Setting(
        "Whether questions of textvqa come with what the set's own OCR has read, as those of the benchmark "
            + "do.")
    public var ocrTokens = false
    @Setting(
        "Whether a conversation of visual-dialog begins with the caption, which its questions refer to.")
    public var dialogCaption = true
    @Setting(
        "Name of a photograph of sbu below the images: {folder} and {name} are the last two parts of its "
            + "address, {number} its place in the list.")
    public var sbuImage = "SBU/images/{name}"

    public init() {}

    public func validate() throws {
        guard !splits.isEmpty, Set(splits).count == splits.count else {
            throw SettingProblem("splits", "is \(splits.map(\.rawValue)), expected some of train, val, test")
        }
        if let imageFolder, ImageName.checked(imageFolder) == nil {
            throw SettingProblem(
                "image_folder", "is '\(outside: imageFolder)', expected a folder such as coco/images")
        }
        for (key, text) in [("short_answer", shortAnswer), ("multiple_choice", multipleChoice)] {
            guard let text else { continue }
            try Self.requireText(text, key)
        }
        try Self.requireText(statement, "statement")
        guard statement.contains("{statement}") else {
            throw SettingProblem("statement", "does not say where the {statement} stands")
        }
        guard !caption.isEmpty else { throw SettingProblem("caption", "is empty, expected a request") }
        for request in caption { try Self.requireText(request, "caption") }
        guard ["{name}", "{number}"].contains(where: sbuImage.contains), ImageName.checked(sbuImage) != nil
        else {
            throw SettingProblem(
                "sbu_image", "is '\(outside: sbuImage)', expected a file's name with {name} or {number}")
        }
    }

    private static func requireText(_ text: String, _ key: String) throws {
        guard text.contains(where: { !$0.isWhitespace }), !text.contains("<image>") else {
            throw SettingProblem(key, "is '\(outside: text)', expected a text without <image>")
        }
    }

    /// The splits in their own order, whatever that of the recipe.
    var orderedSplits: [DataSplit] { DataSplit.allCases.filter(splits.contains) }
}
