/// Floating-point operations that the mathematics of a step needs, whatever an implementation does beyond
/// them.
///
/// Products are counted: linear layers, scores and sums of attention over the keys a row sees, the projector,
/// and the head at the rows that a loss looks at. A multiplication and an addition are two operations. The
/// backward pass takes the gradients of inputs and of weights; scores that are computed again for it are no
/// useful work. Elementwise work is left out.
public struct UsefulWork: Sendable {
    public let shapes: BenchShapes

    public init(_ shapes: BenchShapes) { self.shapes = shapes }

    /// Rows of a pass and what they see.
    public struct Rows: Sendable, Equatable {
        public let count: Int
        /// Sum over the rows of the keys each sees, itself included.
        public let visible: Int

        public init(count: Int, visible: Int) { (self.count, self.visible) = (count, visible) }

        /// Sequences in which every row sees itself and what came before.
        public static func causal(sequences: Int, length: Int) -> Rows {
            Rows(count: sequences * length, visible: sequences * length * (length + 1) / 2)
        }

        /// TPA candidates: position t sees the t tokens before it, and itself.
        public static func candidates(at positions: [Int]) -> Rows {
            Rows(count: positions.count, visible: positions.reduce(0) { $0 + $1 + 1 })
        }
    }

    /// The whole batch without candidates.
    public var trunk: Rows { .causal(sequences: shapes.batch, length: shapes.length) }

    /// Work of a forward pass.
    ///
    /// - Parameters:
    ///   - headRows: rows whose logits are needed
    ///   - visualTokens: tokens that go through the projector
    public func forward(_ model: BenchShapes.Language, _ rows: Rows, headRows: Int, visualTokens: Int = 0)
        -> Double
    {
        body(model, rows) + head(model, rows: headRows) + projector(model, visualTokens: visualTokens)
    }

    /// Work of a forward and a backward pass, where all weights are trained.
    public func training(_ model: BenchShapes.Language, _ rows: Rows, headRows: Int, visualTokens: Int = 0)
        -> Double
    {
        // Twice the forward pass, but for features, which need no gradient.
        let features = 2.0 * Double(visualTokens) * Double(shapes.visionWidth) * Double(model.hidden)
        return 3 * forward(model, rows, headRows: headRows, visualTokens: visualTokens) - features
    }

    /// Scores of the instruction's rows against the keys they see, in one layer: the work of alpha beside a
    /// forward pass.
    public var saliency: Double {
        let readers = (shapes.visual..<shapes.firstResponse).map { $0 + 1 }.reduce(0, +)
        return 2 * Double(shapes.batch) * Double(readers) * Double(shapes.teacher.hidden)
    }

    /// Weights of the layers' linear maps.
    public static func layerWeights(_ model: BenchShapes.Language) -> Double {
        let hidden = Double(model.hidden)
        let keyWidth = hidden / Double(model.heads) * Double(model.keyHeads)
        let attention = 2 * hidden * hidden + 2 * hidden * keyWidth
        return Double(model.layers) * (attention + 3 * hidden * Double(model.intermediate))
    }

    private func body(_ model: BenchShapes.Language, _ rows: Rows) -> Double {
        let attention = 4.0 * Double(rows.visible) * Double(model.hidden) * Double(model.layers)
        return 2 * Double(rows.count) * Self.layerWeights(model) + attention
    }

    private func head(_ model: BenchShapes.Language, rows: Int) -> Double {
        2 * Double(rows) * Double(model.vocabulary) * Double(model.hidden)
    }

    private func projector(_ model: BenchShapes.Language, visualTokens: Int) -> Double {
        let hidden = Double(model.hidden)
        return 2 * Double(visualTokens) * hidden * (Double(shapes.visionWidth) + hidden)
    }
}
