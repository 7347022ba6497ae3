import Autograd
import Models
import Settings
import Tensors

/// How the cost of answering is measured.
public struct AnsweringCostSettings: Recipe {
    @Setting("Text behind the image.", unit: "tokens", in: 1...1_000_000) public var promptTokens = 32
    @Setting("Length of an answer.", unit: "tokens", in: 2...1_000_000) public var newTokens = 64
    @Setting("Answers that are continued side by side for the second rate.", in: 1...4096)
    public var slots = 16
    @Setting("Runs of each figure after one that does not count; the median counts.", in: 1...1000)
    public var runs = 5

    public init() {}
}

/// Cost of answering questions about images with a model (the paper's Table 5). Pictures and texts are
/// random, and no token ends an answer, so that the work does not depend on the weights.
public struct AnsweringCost {
    private let model: LlavaModel
    private let settings: AnsweringCostSettings
    private let leastSeconds: Double
    private let questions: [(pixels: [UInt8], text: [Int32])]

    /// - Parameter leastSeconds: a run is repeated until it has lasted so long, and its mean taken: an answer
    ///   of a small model takes a few milliseconds
    public init(_ model: LlavaModel, _ settings: AnsweringCostSettings, leastSeconds: Double = 0.2) {
        precondition(
            settings.newTokens > 1 && settings.runs > 0 && settings.slots > 0, "AnsweringCost: \(settings)")
        (self.model, self.settings, self.leastSeconds) = (model, settings, leastSeconds)
        questions = (0..<settings.slots).map { question in
            var random = CounterRandom(UInt64(question), 0xC057)
            let pixels = (0..<(model.imageProcessor?.samples ?? 0)).map { _ in
                UInt8(truncatingIfNeeded: random.next())
            }
            let text = (0..<settings.promptTokens).map { _ in
                Int32(random.next() % UInt64(max(1, model.language.vocabularySize)))
            }
            return (pixels, text)
        }
    }

    /// Weights of a part that are loaded: the layers of a tower that nobody looks at are not.
    public func parameters(_ part: ModelPart) -> Int {
        model.parameters(of: [part]).reduce(0) { $0 + $1.shape.reduce(1, *) }
    }

    /// Tokens of a prompt, those of the image included.
    public var promptTokens: Int { model.visualTokensPerImage + settings.promptTokens }

    /// One answer alone.
    public struct Alone: Sendable {
        /// From prepared pixels to the first token.
        public let firstTokenSeconds: Double
        /// Rate of the tokens after the first.
        public let tokensPerSecond: Double
        /// (Slowest - fastest) / median of the runs of a whole answer: how far the machine let itself be
        /// disturbed.
        public let spread: Double
    }

    /// - Throws: `ModelsError`
    public func alone() throws -> Alone {
        let seconds = try times([
            { try answer(1, tokens: 1) }, { try answer(1, tokens: settings.newTokens) },
        ])
        let (first, whole) = (Spread(seconds[0]), Spread(seconds[1]))
        return Alone(
            firstTokenSeconds: first.median,
            // A clock's jitter must not make a rate negative.
            tokensPerSecond: Double(settings.newTokens - 1) / max(1e-9, whole.median - first.median),
            spread: (whole.most - whole.least) / whole.median)
    }

    /// Tokens a second of answers side by side, the reading of their prompts included.
    ///
    /// - Throws: `ModelsError`
    public func sideBySide() throws -> Double {
        let seconds = try times([{ try answer(settings.slots, tokens: settings.newTokens) }])
        return Double(settings.slots * settings.newTokens) / Spread(seconds[0]).median
    }

    private func answer(_ count: Int, tokens: Int) throws {
        try model.language.generate(
            count: count, settings: GenerationSettings(maximumNewTokens: tokens, slots: count),
            prompt: { number in
                let embedded = model.language.embed(questions[number].text)
                guard model.hasVision else { return Prompt(embedded) }
                return Prompt(
                    concatenateRows([
                        try model.visualTokens(pixels: questions[number].pixels), embedded,
                    ]))
            }, finished: { _, _ in })
    }

    /// Seconds of each body, a number a run; the runs are interleaved.
    private func times(_ bodies: [() throws -> Void]) throws -> [[Double]] {
        var seconds = bodies.map { _ in [Double]() }
        for run in 0...settings.runs {
            for (index, body) in bodies.enumerated() {
                let start = ContinuousClock.now
                var (count, elapsed) = (0, 0.0)
                repeat {
                    try body()
                    count += 1
                    elapsed = (ContinuousClock.now - start) / .seconds(1)
                } while elapsed < leastSeconds
                // The first run warms caches up and does not count.
                if run > 0 { seconds[index].append(elapsed / Double(count)) }
            }
        }
        return seconds
    }
}
