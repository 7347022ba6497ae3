import Files
import Foundation

/// What transformers' AutoProcessor reads beside `preprocessor_config.json`: how many placeholders an image
/// becomes, and which tokens of the tokenizer are special.
struct ProcessorFiles {
    /// `tokenizer_config.json` and, for a model that sees, `processor_config.json`.
    let files: [(name: String, value: JSONValue)]

    /// - Parameter url: a `tokenizer_config.json`, which is kept as far as it goes; it may be missing
    /// - Throws: `ModelsError`, `FilesError` for a file that is broken
    init(_ configuration: LlavaConfiguration, words tokens: TokenizerFile, settings url: URL) throws {
        var settings: JSONObject = [
            "tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": false,
            "model_max_length": .int(configuration.text.maximumPositions),
        ]
        if FileManager.default.fileExists(atPath: url.path) { settings = try JSONField(url).object() }
        // transformers 4 would add token_type_ids, which generate() refuses.
        if settings["model_input_names"] == nil {
            settings["model_input_names"] = ["input_ids", "attention_mask"]
        }
        func name(_ key: String, _ id: Int32?) {
            guard settings[key] == nil || settings[key] == .null, let id,
                let token = tokens.token(of: Int(id))
            else { return }
            settings[key] = .string(token)
        }
        let text = configuration.text
        name("bos_token", text.startId)
        name("eos_token", text.endOfSequenceIDs.first)
        name("pad_token", text.paddingId ?? text.endOfSequenceIDs.first)
        guard let vision = configuration.vision,
            let image = tokens.token(of: Int(configuration.imageTokenID))
        else {
            files = [("tokenizer_config.json", .object(settings))]
            return
        }
        settings["image_token"] = .string(image)
        settings["processor_class"] = "LlavaProcessor"
        let processor: JSONValue = [
            "processor_class": "LlavaProcessor", "image_token": .string(image),
            "patch_size": .int(vision.patchSize),
            "vision_feature_select_strategy": .string(configuration.featureSelection.rawValue),
            "num_additional_image_tokens": .int(vision.hasClassToken ? 1 : 0),
        ]
        files = [
            ("tokenizer_config.json", .object(settings)), ("processor_config.json", processor),
        ]
    }
}
