import Autograd
import Tensors

/// The parts of a model that are trained or frozen as a whole.
public enum ModelPart: String, CaseIterable, Sendable, Codable { case vision, projector, language }

/// A weight of a model.
public struct Parameter {
    /// The name in the module tree of transformers 5, such as `model.language_model.layers.0.mlp.up_proj.weight`.
    public let name: String
    /// A leaf; it requires a gradient if its part is trained.
    public let value: Value
    /// The shape as stored; a convolution's weight has 4 dimensions there and 2 in `value`.
    public let shape: [Int]
}

/// Where weights come from: a checkpoint, or a random generator.
protocol WeightSource: AnyObject {
    /// - Parameters:
    ///   - name: the canonical name, as in `Parameter`
    ///   - shape: the shape it must have
    /// - Returns: the values, `shape`
    func tensor(_ name: String, shape: [Int]) throws -> Tensor
}

/// A place in the tree of weights: `weights / "mlp" / "gate_proj"`.
struct WeightScope {
    let source: any WeightSource
    let path: String
    let trainable: Set<ModelPart>

    init(_ source: any WeightSource, trainable: Set<ModelPart>) {
        self.init(source: source, path: "", trainable: trainable)
    }

    private init(source: any WeightSource, path: String, trainable: Set<ModelPart>) {
        (self.source, self.path, self.trainable) = (source, path, trainable)
    }

    static func / (scope: WeightScope, name: String) -> WeightScope {
        WeightScope(
            source: scope.source, path: scope.path.isEmpty ? name : "\(scope.path).\(name)",
            trainable: scope.trainable)
    }

    static func / (scope: WeightScope, index: Int) -> WeightScope { scope / "\(index)" }

    /// The weight `name` of this place.
    ///
    /// - Parameter used: the shape it has in memory, where that differs from the stored one
    func parameter(_ name: String, _ shape: [Int], used: [Int]? = nil) throws -> Parameter {
        let full = (self / name).path
        let tensor = try source.tensor(full, shape: shape)
        let value = Value(
            used.map { tensor.reshaped($0) } ?? tensor,
            requiresGradient: trainable.contains(ModelPart(name: full)))
        return Parameter(name: full, value: value, shape: shape)
    }
}

extension ModelPart {
    /// The part a canonical name belongs to.
    init(name: String) {
        self =
            name.hasPrefix(CheckpointNames.vision)
            ? .vision : name.hasPrefix(CheckpointNames.projector) ? .projector : .language
    }
}

extension Parameter {
    /// The name used here for a tensor of a checkpoint in any of the known spellings; nil for one that is none of ours.
    public static func canonicalName(ofStored name: String) -> String? { CheckpointNames.canonical(name) }
}
