import Tensors

/// Fresh weights as a pure function of a seed and a weight's name: models that share names, shapes and seed
/// share the weights.
final class RandomWeights: WeightSource {
    /// How the projection of patches starts.
    enum PatchEmbedding: Equatable {
        case normal
        /// Orthonormal rows keep the geometry of pixels; positions are drawn with their own deviation.
        case orthonormal(positionDeviation: Double)
    }

    private let seed: UInt64
    private let patchEmbedding: PatchEmbedding
    /// Standard deviation of matrices: `initializer_range` of the Hugging Face configurations.
    private let deviation: Double

    init(seed: UInt64, deviation: Double = 0.02, patchEmbedding: PatchEmbedding = .normal) {
        (self.seed, self.deviation, self.patchEmbedding) = (seed, deviation, patchEmbedding)
    }

    /// Norms start at 1 and biases at 0. The projector's matrices are uniform within ±1/√inputs as in LLaVA,
    /// others normal.
    func tensor(_ name: String, shape: [Int]) throws -> Tensor {
        let tensor = Tensor(uninitialized: shape)
        if name.hasSuffix(".bias") {
            tensor.fill(0)
        } else if shape.count == 1, name.hasSuffix(".weight") {
            tensor.fill(1)
        } else if name.hasPrefix(CheckpointNames.projector) {
            let bound = 1 / Double(tensor.width).squareRoot()
            fill(tensor, name) { Float((2 * $0.uniform() - 1) * bound) }
        } else if case .orthonormal(let positionDeviation) = patchEmbedding, ModelPart(name: name) == .vision
        {
            if name.hasSuffix("patch_embedding.weight") {
                fill(tensor, name) { Float($0.normal()) }
                try RandomWeights.orthonormalise(tensor.reshaped([shape[0], tensor.count / shape[0]]))
            } else {
                let spread = name.hasSuffix("position_embedding.weight") ? positionDeviation : deviation
                fill(tensor, name) { Float($0.normal() * spread) }
            }
        } else {
            fill(tensor, name) { Float($0.normal() * self.deviation) }
        }
        return tensor
    }

    /// Row by row, each with a generator of its own, so that threads do not matter.
    private func fill(_ tensor: Tensor, _ name: String, _ draw: @escaping (inout CounterRandom) -> Float) {
        // FNV-1a of the name.
        let key = name.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        nonisolated(unsafe) let draw = draw
        let (width, seed) = (tensor.width, self.seed)
        parallel(tensor.rows, grain: max(1, 4096 / max(1, width))) { rows in
            for row in rows {
                var random = CounterRandom(seed, key, UInt64(row))
                for column in 0..<width { tensor.pointer[row * width + column] = draw(&random) }
            }
        }
    }

    /// Gram and Schmidt, twice a row because once loses digits.
    private static func orthonormalise(_ matrix: Tensor) throws {
        let (rows, width) = (matrix.rows, matrix.width)
        guard rows <= width else {
            throw ModelsError.cannotAssemble(
                problem:
                    "an orthonormal patch embedding has at most as many rows as a patch has values: "
                    + "hidden_size is \(rows), a patch has \(width)"
            )
        }
        for row in 0..<rows {
            var x = (0..<width).map { Double(matrix[row, $0]) }
            for _ in 0..<2 {
                for other in 0..<row {
                    let dot = (0..<width).reduce(0.0) { $0 + x[$1] * Double(matrix[other, $1]) }
                    for column in 0..<width { x[column] -= dot * Double(matrix[other, column]) }
                }
            }
            let norm = x.reduce(0) { $0 + $1 * $1 }.squareRoot()
            for column in 0..<width { matrix[row, column] = Float(x[column] / norm) }
        }
    }
}
