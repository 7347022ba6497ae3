import Images
import Models
import Tensors

/// Tower and projector of a GGUF file: llama.cpp's `mmproj` of LLaVA-1.5's form.
struct VisionFile {
    let configuration: LlavaConfiguration
    let vision: VisionConfiguration
    let processor: ImageProcessor

    /// - Parameter file: the model's `config.json`, for errors
    /// - Throws: `GGUFError.notInLlamaCpp`
    init(
        _ configuration: LlavaConfiguration, _ vision: VisionConfiguration, _ processor: ImageProcessor,
        file: String
    ) throws {
        (self.configuration, self.vision, self.processor) = (configuration, vision, processor)
        func refuse(_ field: String, _ found: String, _ known: String) -> GGUFError {
            .notInLlamaCpp(file: file, field: field, found: found, known: known)
        }
        guard vision.family != .dinov2 else {
            throw refuse(
                "vision_config.model_type", vision.family.rawValue,
                "CLIP and SigLIP towers; transformers and ask-model run this one")
        }
        // It gives the projector all rows but the class token's.
        let wanted: LlavaConfiguration.FeatureSelection = vision.hasClassToken ? .patches : .full
        guard configuration.featureSelection == wanted else {
            throw refuse(
                "vision_feature_select_strategy", configuration.featureSelection.rawValue,
                "\(wanted.rawValue) for this tower")
        }
        guard configuration.projectorActivation != .quickGelu else {
            throw refuse("projector_hidden_act", configuration.projectorActivation.rawValue, "gelu")
        }
    }

    /// Ways in which llama.cpp treats pictures otherwise than the model was trained, as sentences.
    var notes: [String] {
        // It pads with this colour whatever the model says.
        let isPadded =
            processor.aspect == .pad && processor.mean.map { Int($0 * 255) } == [122, 116, 104]
        let shape =
            "llama.cpp centres pictures that are not square on a square of CLIP's mean colour, which this "
            + "model was not trained with: give it square pictures"
        let order =
            "releases of llama.cpp from May 2025 on put CLIP's class token last and so shift positions by a "
            + "patch (its issue 25814): answers about pictures are worse there; docs/serving.md has more"
        return (isPadded ? [] : [shape]) + (vision.hasClassToken ? [order] : [])
    }

    func describe(_ writer: inout GGUFWriter) {
        writer.set("clip.has_vision_encoder", .flag(true))
        writer.set("clip.projector_type", .text("mlp"))
        // Its gelu is the tanh form; without this flag it is CLIP's quick_gelu.
        writer.set("clip.use_gelu", .flag(vision.activation != .quickGelu))
        func set(_ key: String, _ value: GGUFValue) { writer.set("clip.vision.\(key)", value) }
        set("image_size", .count(vision.imageSize))
        set("patch_size", .count(vision.patchSize))
        set("embedding_length", .count(vision.hidden))
        set("feed_forward_length", .count(vision.intermediate))
        set("block_count", .count(layers))
        // Without it the last layer of the file is left out.
        set("feature_layer", .integers([Int32(layers)]))
        set("projection_dim", .count(configuration.text.hidden))
        set("attention.head_count", .count(vision.heads))
        set("attention.layer_norm_epsilon", .number(Float(vision.normEpsilon)))
        set("image_mean", .numbers(processor.mean.map { Float($0) }))
        set("image_std", .numbers(processor.standardDeviation.map { Float($0) }))
    }

    /// Layers of the tower up to the one whose output becomes features; the others are not stored.
    private var layers: Int { configuration.usedVisionLayers }

    /// Adds all weights. A projector without biases gets zeros, which llama.cpp asks for.
    func add(to writer: inout GGUFWriter, of checkpoint: Checkpoint, type: GGUFType) {
        writer.add(embeddings + (0..<layers).flatMap(block), of: checkpoint, type: type)
        let hidden = configuration.text.hidden
        for (index, layer, inputs) in [(0, "linear_1", vision.hidden), (2, "linear_2", hidden)] {
            let place = CheckpointNames.projector + layer
            writer.add(
                [
                    StoredWeight(
                        name: "mm.\(index).weight", source: place + ".weight", shape: [hidden, inputs],
                        form: .matrix)
                ], of: checkpoint, type: type)
            let hasBias = configuration.projectorBias
            writer.add("mm.\(index).bias", .f32, shape: [hidden]) {
                hasBias
                    ? try checkpoint.tensor(place + ".bias", shape: [hidden]) : Tensor(zeros: [hidden])
            }
        }
    }

    private var embeddings: [StoredWeight] {
        let (hidden, patch) = (vision.hidden, vision.patchSize)
        let place = CheckpointNames.vision + "embeddings."
        var weights = [
            StoredWeight(
                name: "v.patch_embd.weight", source: place + "patch_embedding.weight",
                shape: [hidden, 3, patch, patch], form: .kernel),
            StoredWeight(
                name: "v.position_embd.weight", source: place + "position_embedding.weight",
                shape: [vision.positions, hidden]),
        ]
        if vision.family == .siglip {
            weights.append(
                StoredWeight(
                    name: "v.patch_embd.bias", source: place + "patch_embedding.bias", shape: [hidden]))
        } else {
            weights.append(
                StoredWeight(name: "v.class_embd", source: place + "class_embedding", shape: [hidden]))
            weights += ["weight", "bias"].map {
                StoredWeight(
                    name: "v.pre_ln.\($0)", source: CheckpointNames.vision + "pre_layrnorm.\($0)",
                    shape: [hidden])
            }
        }
        return weights
    }

    private func block(_ index: Int) -> [StoredWeight] {
        let hidden = vision.hidden
        func linear(_ name: String, _ source: String, _ outputs: Int, _ inputs: Int?) -> [StoredWeight] {
            let place = "\(CheckpointNames.vision)encoder.layers.\(index).\(source)"
            return [
                StoredWeight(
                    name: "v.blk.\(index).\(name).weight", source: place + ".weight",
                    shape: [outputs] + (inputs.map { [$0] } ?? []), form: inputs == nil ? .small : .matrix),
                StoredWeight(
                    name: "v.blk.\(index).\(name).bias", source: place + ".bias", shape: [outputs]),
            ]
        }
        // llama.cpp knows files whose two layers bear each other's names by the width of the rows of
        // ffn_down, and takes them so where both widths are equal.
        let swapped = vision.intermediate == hidden
        return [("attn_q", "q_proj"), ("attn_k", "k_proj"), ("attn_v", "v_proj"), ("attn_out", "out_proj")]
            .flatMap { linear($0.0, "self_attn.\($0.1)", hidden, hidden) }
            + linear("ln1", "layer_norm1", hidden, nil) + linear("ln2", "layer_norm2", hidden, nil)
            + linear(swapped ? "ffn_down" : "ffn_up", "mlp.fc1", vision.intermediate, hidden)
            + linear(swapped ? "ffn_up" : "ffn_down", "mlp.fc2", hidden, vision.intermediate)
    }
}
