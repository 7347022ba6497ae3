import Autograd
import Files
import Tensors

/// A language model whose feed-forward layers keep the channels that count most, in their order.
///
/// A channel j counts as much as its weights are large: |gate_j| |up_j| |down_j|, the norms of its rows of
/// gate and up and of its column of down, a bound of what it adds for inputs of one size.
final class NarrowedFeedForward: WeightSource {
    private let source: any WeightSource
    private let stored, kept: Int
    private var channels: [Substring: [Int32]] = [:]  // by layer

    /// - Parameters:
    ///   - stored: channels that the source's layers have
    ///   - kept: channels that stay
    init(_ source: any WeightSource, stored: Int, kept: Int) {
        (self.source, self.stored, self.kept) = (source, stored, kept)
    }

    /// Which of a feed-forward layer's matrices a weight is, and of which layer; nil for other weights.
    private func place(_ name: String) -> (layer: Substring, isDown: Bool)? {
        guard name.hasPrefix(CheckpointNames.language + "layers."), let mlp = name.firstRange(of: ".mlp.")
        else { return nil }
        switch name[mlp.upperBound...] {
        case "gate_proj.weight", "up_proj.weight": return (name[..<mlp.lowerBound], false)
        case "down_proj.weight": return (name[..<mlp.lowerBound], true)
        default: return nil
        }
    }

    private func storedShape(_ shape: [Int], isDown: Bool) -> [Int] {
        isDown ? [shape[0], stored] : [stored, shape[1]]
    }

    func require(_ name: String, shape: [Int]) throws -> ElementType {
        let whole = place(name).map { storedShape(shape, isDown: $0.isDown) }
        return try source.require(name, shape: whole ?? shape)
    }

    func tensor(_ name: String, shape: [Int]) throws -> Tensor {
        guard let place = place(name) else { return try source.tensor(name, shape: shape) }
        let whole = try source.tensor(name, shape: storedShape(shape, isDown: place.isDown))
        let channels = try channels(of: place.layer, hidden: place.isDown ? shape[0] : shape[1])
        guard place.isDown else { return whole.gatheringRows(channels) }
        let result = Tensor(uninitialized: shape)
        for row in 0..<shape[0] {
            for (column, channel) in channels.enumerated() { result[row, column] = whole[row, Int(channel)] }
        }
        return result
    }

    func write(_ name: String, shape: [Int], as type: ElementType, to sink: any ByteSink) throws {
        guard place(name) != nil else { return try source.write(name, shape: shape, as: type, to: sink) }
        try tensor(name, shape: shape).write(as: type, to: sink)
    }

    private func channels(of layer: Substring, hidden: Int) throws -> [Int32] {
        if let known = channels[layer] { return known }
        var importance = [Double](repeating: 1, count: stored)
        for part in ["gate_proj", "up_proj"] {
            let rows = try source.tensor("\(layer).mlp.\(part).weight", shape: [stored, hidden])
            for row in 0..<stored { importance[row] *= rows.rows(row..<row + 1).sumOfSquares }
        }
        let down = try source.tensor("\(layer).mlp.down_proj.weight", shape: [hidden, stored])
        var squares = [Double](repeating: 0, count: stored)
        for row in 0..<hidden {
            for channel in 0..<stored { squares[channel] += Double(down[row, channel] * down[row, channel]) }
        }
        for channel in 0..<stored { importance[channel] *= squares[channel] }
        let best = (0..<stored).sorted { (importance[$1], $0) < (importance[$0], $1) }[..<kept]
        let found = best.sorted().map { Int32($0) }
        channels[layer] = found
        return found
    }
}
