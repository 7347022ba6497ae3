import Autograd
import Tensors

/// SigLIP or CLIP up to the layer whose output becomes features. Later layers, the last norm and the pooling
/// head are not loaded.
struct VisionTower {
    let configuration: VisionConfiguration
    let patchEmbedding: Linear  // [hidden, 3 * patch * patch]; SigLIP has a bias
    let classToken: Parameter?  // [hidden]
    let positions: Parameter  // [tokens, hidden]
    let inputNorm: LayerNorm?  // CLIP
    let blocks: [VisionBlock]
    let dropsFirst: Bool

    init(_ weights: WeightScope, _ vision: VisionConfiguration, layers: Int, dropsFirst: Bool) throws {
        configuration = vision
        let embeddings = weights / "embeddings"
        patchEmbedding = try Linear(
            patches: embeddings / "patch_embedding", outputs: vision.hidden, patch: vision.patchSize,
            bias: !vision.hasClassToken)
        classToken = vision.hasClassToken ? try embeddings.parameter("class_embedding", [vision.hidden]) : nil
        positions = try (embeddings / "position_embedding").parameter(
            "weight", [vision.positions, vision.hidden])
        inputNorm =
            vision.family == .clip
            ? try LayerNorm(weights / "pre_layrnorm", size: vision.hidden, epsilon: vision.normEpsilon) : nil
        blocks = try (0..<layers).map { try VisionBlock(weights / "encoder" / "layers" / $0, vision) }
        self.dropsFirst = dropsFirst
    }

    /// `[images * patches, 3 * patch * patch]` → `[images * features, hidden]`
    func callAsFunction(_ patches: Value) -> Value {
        let images = patches.rows / configuration.patches
        let tokens = positions.value.rows
        var x = patchEmbedding(patches)
        if let classToken {
            x = Self.prepend(classToken.value, to: x, images: images, patches: configuration.patches)
        }
        x = addRepeated(x, positions.value)
        if let inputNorm { x = inputNorm(x) }
        let layout = AttentionLayout.full(lengths: Array(repeating: tokens, count: images))
        for block in blocks { x = block(x, layout: layout) }
        guard dropsFirst else { return x }
        return gatherRows(x, (0..<Int32(images * tokens)).filter { Int($0) % tokens != 0 })
    }

    /// The token before the patches of every image.
    private static func prepend(_ token: Value, to x: Value, images: Int, patches: Int) -> Value {
        var order: [Int32] = []
        for image in 0..<Int32(images) {
            let first = 1 + image * Int32(patches)  // row 0 is the token
            order += [0] + Array(first..<first + Int32(patches))
        }
        return gatherRows(concatenateRows([token, x]), order)
    }

    var parameters: [Parameter] {
        patchEmbedding.parameters + [classToken, positions].compactMap { $0 } + (inputNorm?.parameters ?? [])
            + blocks.flatMap(\.parameters)
    }
}

extension Linear {
    /// A convolution whose stride is its size: a linear layer over patches, channel by channel.
    init(patches weights: WeightScope, outputs: Int, patch: Int, bias: Bool) throws {
        weight = try weights.parameter(
            "weight", [outputs, 3, patch, patch], used: [outputs, 3 * patch * patch], isMatrix: true)
        self.bias = bias ? try weights.parameter("bias", [outputs]) : nil
    }
}
