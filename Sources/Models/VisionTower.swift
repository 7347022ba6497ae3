import Autograd
import Tensors

/// SigLIP, CLIP or DINOv2 up to the layer whose output becomes features. Later layers, the last norm and the
/// pooling head are not loaded.
struct VisionTower {
    let configuration: VisionConfiguration
    let embeddings: VisionEmbeddings
    let blocks: [VisionBlock]
    let dropsFirst: Bool

    init(_ weights: WeightScope, _ vision: VisionConfiguration, layers: Int, dropsFirst: Bool) throws {
        configuration = vision
        embeddings = try VisionEmbeddings(weights, vision)
        let list = weights / "encoder" / (vision.family == .dinov2 ? "layer" : "layers")
        blocks = try (0..<layers).map { try VisionBlock(list / $0, vision) }
        self.dropsFirst = dropsFirst
    }

    /// `[images * patches, 3 * patch * patch]` → `[images * features, hidden]`
    func callAsFunction(_ patches: Value) -> Value {
        let images = patches.rows / configuration.patches
        let tokens = configuration.positions
        var x = embeddings(patches, images: images)
        let layout = AttentionLayout.full(lengths: Array(repeating: tokens, count: images))
        for block in blocks { x = block(x, layout: layout) }
        guard dropsFirst else { return x }
        return gatherRows(x, (0..<Int32(images * tokens)).filter { Int($0) % tokens != 0 })
    }

    var parameters: [Parameter] { embeddings.parameters + blocks.flatMap(\.parameters) }
}
