import Autograd
import Files
import Tensors

/// A source for each part.
final class AssembledWeights: WeightSource {
    private let vision, projector, language: any WeightSource

    init(vision: any WeightSource, projector: any WeightSource, language: any WeightSource) {
        (self.vision, self.projector, self.language) = (vision, projector, language)
    }

    private func source(of name: String) -> any WeightSource {
        switch ModelPart(name: name) {
        case .vision: vision
        case .language: language
        case .projector: projector
        }
    }

    func require(_ name: String, shape: [Int]) throws -> ElementType {
        try source(of: name).require(name, shape: shape)
    }

    func tensor(_ name: String, shape: [Int]) throws -> Tensor {
        try source(of: name).tensor(name, shape: shape)
    }

    func write(_ name: String, shape: [Int], as type: ElementType, to sink: any ByteSink) throws {
        try source(of: name).write(name, shape: shape, as: type, to: sink)
    }
}

/// A language model's checkpoint of which some layers are taken, and whose embedding table and head get more
/// rows; the new ones are the mean of the old.
final class GrownVocabulary: WeightSource {
    private let checkpoint: Checkpoint
    private let rows: Int
    private let layers: [Int]

    /// - Parameters:
    ///   - rows: of the stored embedding table
    ///   - layers: the stored layer that each layer is
    init(_ checkpoint: Checkpoint, rows: Int, layers: [Int]) {
        (self.checkpoint, self.rows, self.layers) = (checkpoint, rows, layers)
    }

    /// What the checkpoint has for a weight.
    private func stored(_ name: String, _ shape: [Int]) -> (name: String, shape: [Int]) {
        let prefix = CheckpointNames.language + "layers."
        if name.hasPrefix(prefix), let dot = name.dropFirst(prefix.count).firstIndex(of: "."),
            let layer = Int(name.dropFirst(prefix.count)[..<dot]), layers.indices.contains(layer)
        {
            return ("\(prefix)\(layers[layer])\(name[dot...])", shape)
        }
        let hasVocabulary = name == CheckpointNames.head || name == CheckpointNames.embeddings
        return (name, hasVocabulary ? [min(rows, shape[0]), shape[1]] : shape)
    }

    func require(_ name: String, shape: [Int]) throws -> ElementType {
        let (name, shape) = stored(name, shape)
        return try checkpoint.require(name, shape: shape)
    }

    func tensor(_ name: String, shape: [Int]) throws -> Tensor {
        let (storedName, old) = stored(name, shape)
        if old == shape { return try checkpoint.tensor(storedName, shape: shape) }
        let (tensor, sink) = (Tensor(uninitialized: shape), MemorySink())
        try write(name, shape: shape, as: .float32, to: sink)
        sink.bytes.withUnsafeBytes {
            UnsafeMutableRawBufferPointer(start: tensor.pointer, count: $0.count).copyMemory(from: $0)
        }
        return tensor
    }

    func write(_ name: String, shape: [Int], as type: ElementType, to sink: any ByteSink) throws {
        let (name, old) = stored(name, shape)
        guard old != shape else { return try checkpoint.write(name, shape: shape, as: type, to: sink) }
        let width = shape[1]
        var sums = [Double](repeating: 0, count: width)
        var column = 0
        try checkpoint.write(name, shape: old, as: type, to: sink) { values in
            for index in 0..<values.count {
                sums[column] += Double(values.pointer[index])
                column = column + 1 == width ? 0 : column + 1
            }
        }
        let mean = Tensor(sums.map { Float($0 / Double(rows)) }, shape: [width])
        for _ in rows..<shape[0] { try mean.write(as: type, to: sink) }
    }
}

/// Lists the weights that a model asks a source for. It gets memory with nothing in it, of which the system
/// gives none until somebody writes there: so a model of any size says what it has.
final class WeightList: WeightSource {
    private(set) var weights: [StoredWeight] = []
    private let source: any WeightSource
    private var blank = Tensor(uninitialized: [0, 1])

    init(_ source: any WeightSource) { self.source = source }

    func require(_ name: String, shape: [Int]) throws -> ElementType {
        let type = try source.require(name, shape: shape)
        weights.append(
            StoredWeight(name: name, shape: shape, type: type) { [source] type, sink in
                try source.write(name, shape: shape, as: type, to: sink)
            })
        return type
    }

    func tensor(_ name: String, shape: [Int]) throws -> Tensor {
        let count = shape.reduce(1, *)
        if count > blank.count { blank = Tensor(uninitialized: [count, 1]) }
        return blank.rows(0..<count).reshaped(shape)
    }
}
