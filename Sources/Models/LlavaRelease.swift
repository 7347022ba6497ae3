import Files

/// `config.json` of LLaVA's own releases: that of the language model, with more fields.
enum LlavaRelease {
    /// Whether a configuration is one: `llava`, `llava_llama`, `llava_qwen` and the like, without the
    /// `text_config` of a Hugging Face model.
    static func describes(_ fields: JSONField) throws -> Bool {
        try fields["model_type"].string().hasPrefix("llava") && fields.optional("text_config") == nil
    }

    /// The language model's fields.
    ///
    /// - Throws: `FilesError.badField` for another language model than Llama, Qwen2 and Qwen3
    static func text(_ fields: JSONField) throws -> JSONField {
        let type = try fields["model_type"].string()
        let classes = try fields.optional("architectures")?.strings() ?? []
        // `llava` alone is LLaVA-1.5's, unless the class says otherwise.
        let words = ([type] + classes).map { $0.lowercased() }
        func isNamed(_ name: String) -> Bool { words.contains { $0.contains(name) } }
        let family: TextConfiguration.Family
        if isNamed("qwen3") {
            family = .qwen3
        } else if isNamed("qwen") {
            family = .qwen2
        } else if isNamed("llama") || type == "llava" && classes.isEmpty {
            family = .llama
        } else {
            throw try (fields.optional("architectures") ?? fields["model_type"]).bad(
                expected: "a release upon Llama, Qwen2 or Qwen3: llava_llama, llava_qwen2, llava_qwen3, or "
                    + "LlavaLlamaForCausalLM and the like")
        }
        guard !isNamed("moe") else {
            throw try fields["model_type"].bad(expected: "a model without mixtures of experts")
        }
        var object = JSONObject(
            try fields.object().members.filter { !$0.name.hasPrefix("mm_") && !others.contains($0.name) })
        object["model_type"] = .string(family.rawValue)
        return JSONField(file: fields.file, value: .object(object))
    }

    /// Refuses a setting that changes what the model computes, unless it is off.
    static func refuse(_ name: String, in fields: JSONField) throws {
        guard let field = try fields.optional(name), field.value != false else { return }
        throw field.bad(expected: "false or null: a release with it is not supported")
    }

    /// `mm_*` fields that nobody here knows.
    static func unknown(_ fields: JSONField) throws -> [String] {
        try fields.object().members.map(\.name).filter { $0.hasPrefix("mm_") && !known.contains($0) }
    }

    /// Fields that are read, and those of training, which say nothing of the model's numbers.
    private static let known: Set = [
        "mm_vision_tower", "mm_vision_select_layer", "mm_vision_select_feature", "mm_projector_type",
        "mm_hidden_size", "mm_resampler_type", "mm_use_im_start_end", "mm_patch_merge_type",
        "mm_use_im_patch_token", "mm_projector_lr", "mm_vision_tower_lr", "mm_tunable_parts",
        // How tiles and frames of a film are joined: of pictures cut into tiles, which are refused.
        "mm_newline_position", "mm_spatial_pool_mode", "mm_spatial_pool_stride",
        "mm_spatial_pool_out_channels", "mm_pooling_position",
    ]

    /// Fields beside `mm_*` that are none of the language model's.
    private static let others: Set = [
        "vision_tower", "vision_tower_pretrained", "vision_config", "image_aspect_ratio",
        "image_grid_pinpoints", "image_crop_resolution", "image_split_resolution", "freeze_mm_mlp_adapter",
        "freeze_mm_vision_resampler", "tune_mm_mlp_adapter", "tune_mm_vision_resampler",
        "unfreeze_mm_vision_tower", "use_mm_proj", "tokenizer_model_max_length", "tokenizer_padding_side",
        "s2", "s2_scales", "use_pos_skipping", "pos_skipping_range", "add_faster_video",
        "faster_token_stride", "architectures",
    ]
}
