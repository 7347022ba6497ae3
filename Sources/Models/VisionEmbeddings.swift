import Autograd
import Tensors

/// Patches to the rows that a tower's first layer takes: projected, after a class token where the family has
/// one, each with the embedding of its position.
struct VisionEmbeddings {
    let patchEmbedding: Linear  // [hidden, 3 * patch * patch]
    let classToken: Parameter?  // [hidden]
    let positions: Parameter  // [storedPositions, hidden]
    let inputNorm: LayerNorm?  // CLIP
    /// `[positions, storedPositions]`, where positions are stored for images of another size.
    private let interpolation: Tensor?
    private let patches: Int

    init(_ weights: WeightScope, _ vision: VisionConfiguration) throws {
        let (place, hidden, rows) = (weights / "embeddings", vision.hidden, vision.storedPositions)
        patches = vision.patches
        if vision.family == .dinov2 {
            patchEmbedding = try Linear(
                patches: place / "patch_embeddings" / "projection", outputs: hidden, patch: vision.patchSize,
                bias: true)
            classToken = try place.parameter("cls_token", [1, 1, hidden], used: [hidden])
            positions = try place.parameter("position_embeddings", [1, rows, hidden], used: [rows, hidden])
        } else {
            patchEmbedding = try Linear(
                patches: place / "patch_embedding", outputs: hidden, patch: vision.patchSize,
                bias: vision.family == .siglip)
            classToken = try vision.hasClassToken ? place.parameter("class_embedding", [hidden]) : nil
            positions = try (place / "position_embedding").parameter("weight", [rows, hidden])
        }
        inputNorm =
            try vision.family == .clip
            ? LayerNorm(weights / "pre_layrnorm", size: hidden, epsilon: vision.normEpsilon) : nil
        interpolation =
            vision.imageSize == vision.storedImageSize
            ? nil
            : PositionGrid.weights(
                from: vision.storedImageSize / vision.patchSize, to: vision.imageSize / vision.patchSize)
    }

    /// `[images * patches, 3 * patch * patch]` → `[images * positions, hidden]`
    func callAsFunction(_ rows: Value, images: Int) -> Value {
        var x = patchEmbedding(rows)
        if let classToken { x = Self.prepend(classToken.value, to: x, images: images, patches: patches) }
        x = addRepeated(x, interpolation.map { mixRows(positions.value, $0) } ?? positions.value)
        return inputNorm.map { $0(x) } ?? x
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
    }
}

/// Position embeddings of a grid of patches for a grid of another size.
enum PositionGrid {
    /// Weights that interpolate a table of a class token and `from * from` positions to one of `to * to`, as
    /// transformers' Dinov2Model does: PyTorch's bicubic `interpolate` without aligned corners.
    ///
    /// - Returns: `[1 + to * to, 1 + from * from]`
    static func weights(from: Int, to: Int) -> Tensor {
        let line = bicubic(from: from, to: to)
        let weights = Tensor(zeros: [1 + to * to, 1 + from * from])
        weights[0, 0] = 1
        for y in 0..<to {
            for x in 0..<to {
                for (row, down) in line[y] {
                    for (column, across) in line[x] {
                        weights[1 + y * to + x, 1 + row * from + column] += Float(down * across)
                    }
                }
            }
        }
        return weights
    }

    /// For every output the four inputs it mixes, those beyond an edge being the edge's. Keys' cubic with
    /// a = -0.75.
    private static func bicubic(from: Int, to: Int) -> [[(input: Int, weight: Double)]] {
        let a = -0.75
        func near(_ x: Double) -> Double { ((a + 2) * x - (a + 3)) * x * x + 1 }
        func far(_ x: Double) -> Double { ((a * x - 5 * a) * x + 8 * a) * x - 4 * a }
        return (0..<to).map { output in
            let place = (Double(output) + 0.5) * Double(from) / Double(to) - 0.5
            let first = place.rounded(.down)
            let t = place - first
            let weights = [far(t + 1), near(t), near(1 - t), far(2 - t)]
            return weights.enumerated().map { offset, weight in
                (min(from - 1, max(0, Int(first) - 1 + offset)), weight)
            }
        }
    }
}

extension Linear {
    /// A convolution whose stride is its size: a linear layer over patches, channel by channel.
    init(patches weights: WeightScope, outputs: Int, patch: Int, bias: Bool) throws {
        weight = try weights.parameter(
            "weight", [outputs, 3, patch, patch], used: [outputs, 3 * patch * patch], as: .layer)
        self.bias = bias ? try weights.parameter("bias", [outputs]) : nil
    }
}
