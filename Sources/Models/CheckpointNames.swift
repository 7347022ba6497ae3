/// The ways in which checkpoints spell the same weights. Inside, names are those of transformers 5's module
/// tree.
package enum CheckpointNames {
    package static let language = "model.language_model."
    package static let vision = "model.vision_tower."
    package static let projector = "model.multi_modal_projector."
    package static let imageNewline = projector + "image_newline"
    package static let head = "lm_head.weight"
    static let embeddings = language + "embed_tokens.weight"

    /// The first prefix that fits decides; what follows it is kept.
    private static let prefixes: [(stored: String, canonical: String)] = [
        ("model.language_model.", language),
        ("language_model.model.", language),
        ("language_model.lm_head.", "lm_head."),
        ("lm_head.", "lm_head."),
        // LLaVA's own releases keep the tower, if at all, inside a wrapper of the same name.
        ("model.vision_tower.vision_tower.vision_model.", vision),
        ("model.vision_tower.vision_model.", vision),
        ("model.vision_tower.", vision),
        ("vision_tower.vision_model.", vision),
        ("vision_tower.", vision),
        ("vision_model.", vision),
        ("model.multi_modal_projector.", projector),
        ("multi_modal_projector.", projector),
        // LLaVA-1.5 and Align-TI: an nn.Sequential of linear, activation, linear.
        ("model.mm_projector.image_spatial_proj.0.", projector + "linear_1."),
        ("model.mm_projector.image_spatial_proj.2.", projector + "linear_2."),
        ("model.mm_projector.0.", projector + "linear_1."),
        ("model.mm_projector.2.", projector + "linear_2."),
        ("mm_projector.0.", projector + "linear_1."),
        ("mm_projector.2.", projector + "linear_2."),
        // What of them is no such projector, and the row that LLaVA-NeXT puts between tiles.
        ("model.mm_projector.", projector),
        ("mm_projector.", projector),
        ("model.image_newline", imageNewline),
        // A language model alone, and a vision tower alone.
        ("model.", language),
        ("embed_tokens.", language + "embed_tokens."),
        ("layers.", language + "layers."),
        ("norm.", language + "norm."),
        ("embeddings.", vision + "embeddings."),
        ("encoder.", vision + "encoder."),
        ("pre_layrnorm.", vision + "pre_layrnorm."),
        ("post_layernorm.", vision + "post_layernorm."),
        ("layernorm.", vision + "layernorm."),
        ("head.", vision + "head."),
    ]

    /// The name inside; nil for a tensor that is none of ours, such as CLIP's text model.
    package static func canonical(_ stored: String) -> String? {
        for (prefix, replacement) in prefixes where stored.hasPrefix(prefix) {
            return replacement + stored.dropFirst(prefix.count)
        }
        return nil
    }

    /// Buffers that older checkpoints stored although they follow from the configuration.
    static func isDerived(_ name: String) -> Bool {
        name.hasSuffix(".position_ids") || name.hasSuffix(".inv_freq")
    }

    /// The name as written: that of the Hugging Face hub's LLaVA files, which transformers 4 and 5 both load.
    ///
    /// - Parameter vision: the tower's family; nil for a language model alone
    static func written(_ canonical: String, vision family: VisionConfiguration.Family?) -> String {
        func swap(_ prefix: String, _ replacement: String) -> String? {
            canonical.hasPrefix(prefix) ? replacement + canonical.dropFirst(prefix.count) : nil
        }
        guard let family else { return swap(language, "model.") ?? canonical }
        // The classes of SigLIP and CLIP wrap their tower once more.
        let tower = family == .dinov2 ? "vision_tower." : "vision_tower.vision_model."
        return swap(language, "language_model.model.") ?? swap("lm_head.", "language_model.lm_head.")
            ?? swap(vision, tower) ?? swap(projector, "multi_modal_projector.")
            ?? canonical
    }
}
