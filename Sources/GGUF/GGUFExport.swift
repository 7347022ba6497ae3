import Files
import Foundation
import Images
import Models
import Settings
import Text

/// How a model is written for llama.cpp.
public struct ExportSettings: Recipe, Equatable {
    @Setting(
        "How matrices are stored. Norms, biases and positions are f32 always; tower and projector are f16 "
            + "beside a language model in q8_0.")
    public var type = GGUFType.f16

    public init() {}
}

/// A model's folder as the files that llama.cpp reads: the language model with its tokenizer and chat
/// template, and `mmproj.gguf` with tower and projector.
public struct GGUFExport {
    /// Names of the files.
    public static let (languageFile, visionFile) = ("model.gguf", "mmproj.gguf")

    private let configuration: LlavaConfiguration
    private let checkpoint: Checkpoint
    private let vocabulary: Vocabulary
    private let special: SpecialTokens
    private let template: String?
    private let vision: VisionFile?

    /// Reads all but the weights: what llama.cpp has not is refused here.
    ///
    /// - Parameter folder: a LLaVA model, or a language model alone, with its tokenizer
    /// - Throws: `GGUFError`, `ModelsError`, `FilesError`, `TextError`
    public init(model folder: URL) throws {
        var configuration = try LlavaConfiguration(folder: folder)
        checkpoint = try Checkpoint(folder: folder)
        try checkpoint.believeHead(&configuration.text)
        self.configuration = configuration
        let text = configuration.text
        let tokenizer = try Tokenizer(contentsOf: folder)
        let file = folder.appendingPathComponent("tokenizer.json").path
        guard tokenizer.vocabularySize <= text.vocabulary else {
            throw ModelsError.vocabularyTooSmall(
                rows: text.vocabulary, needed: tokenizer.vocabularySize, tokenizer: file)
        }
        vocabulary = try Vocabulary(tokenizer, rows: text.vocabulary, file: file)
        special = try SpecialTokens(tokenizer, text, folder: folder.path)
        template = try PublishedTemplate.text(in: folder)?.text
        vision = try configuration.vision.map { [configuration] in
            try VisionFile(
                configuration, $0,
                ImageProcessor(folder: folder, model: configuration.source, tower: $0),
                file: folder.appendingPathComponent("config.json").path)
        }
    }

    /// What the user should know before trusting llama.cpp's answers, as sentences.
    public var notes: [String] { checkpoint.notices + (vision?.notes ?? []) }

    /// Writes the files, each of which appears whole or not at all.
    ///
    /// - Throws: `GGUFError.outOfRange`, `ModelsError`, `FilesError`
    public func write(into folder: URL, _ settings: ExportSettings) throws {
        let language = LanguageFile(text: configuration.text)
        var writer = Self.writer(configuration.text.family.rawValue, "model", settings.type)
        language.describe(&writer)
        vocabulary.describe(&writer)
        special.describe(&writer)
        writer.set("tokenizer.chat_template", template.map { .text($0) })
        writer.add(language.weights, of: checkpoint, type: settings.type)
        try writer.write(to: folder.appendingPathComponent(Self.languageFile))
        if let vision {
            let type = settings.type == .q8 ? GGUFType.f16 : settings.type
            var writer = Self.writer("clip", "mmproj", type)
            vision.describe(&writer)
            vision.add(to: &writer, of: checkpoint, type: type)
            try writer.write(to: folder.appendingPathComponent(Self.visionFile))
        }
        try checkpoint.refuseRest(
            of: Set(ModelPart.allCases), tiedHead: configuration.text.tiedEmbeddings,
            vision: configuration.vision)
    }

    private static func writer(_ architecture: String, _ kind: String, _ type: GGUFType) -> GGUFWriter {
        var writer = GGUFWriter()
        writer.set("general.architecture", .text(architecture))
        writer.set("general.type", .text(kind))
        writer.set("general.file_type", .integer(type.fileType))
        writer.set("general.quantization_version", .integer(2))
        return writer
    }
}
