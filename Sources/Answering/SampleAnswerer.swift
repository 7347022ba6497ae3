import Autograd
import Benchmarks
import Files
import Images
import Models
import Settings
import Shards
import Tensors
import Text

/// Answers the questions of some conversations, several at once: all first questions, then all second ones,
/// each after what its conversation holds by then.
struct SampleAnswerer {
    let model: LlavaModel
    let prompts: ConversationPrompts
    let settings: WritingSettings
    let pictures: PictureFiles

    /// A conversation that is being written.
    private struct Chain {
        let sample: Int  // of those in hand
        /// Nil where all draws answer each question and the best one goes on.
        let draw: Int?
        var history: [Exchange] = []
        /// Whether the picture's question is not in the history, so that the next one shows the picture.
        var owesImage = false

        /// - Parameter kept: the model's answer, where one is kept
        mutating func goOn(
            after asked: AskedQuestion, hasImage: Bool, _ kept: String?, _ rule: WritingSettings.History
        ) {
            guard let said = rule == .own ? kept : asked.answer ?? kept else {
                // What is not in the conversation has not been asked.
                owesImage = hasImage
                return
            }
            history.append(Exchange(hasImage: hasImage, question: asked.question, answer: said))
            owesImage = false
        }
    }

    /// A question as a chain asks it.
    private struct Asking {
        let chain: Int
        let ids: [Int32]
        let hasImage: Bool
        var drawn: [Int: Generated] = [:]
        /// Whether the picture is in the prompt, with this question or an earlier one.
        var shows: Bool { ids.contains(TokenizedConversation.imageTokenIndex) }
    }

    /// - Parameter beforeStep: called before every pass; it may throw to stop
    /// - Returns: of each record a line for every question, in order
    /// - Throws: `ShardsError.badSample` for a picture that is missing or broken, unless such are skipped;
    ///   `AnsweringError.notFinite`, `FilesError`
    func answer(_ records: [DataRecord], beforeStep: () throws -> Void) throws -> [DrawnAnswers] {
        var visual: [ExactKey: Tensor] = [:]
        var samples: [AskedSample] = []
        var lines: [[DrawnAnswers]] = []
        var places: [Int] = []  // of each sample in hand, its record
        for (place, record) in records.enumerated() {
            switch record {
            case .bad(let number, let id, let problem): lines.append([.skipped(number, id, problem)])
            case .sample(let sample):
                try beforeStep()
                if let problem = try see(sample, &visual) {
                    guard settings.onBadSample == .skip else {
                        throw ShardsError.badSample(
                            file: sample.file, place: sample.place, id: sample.id, reason: problem.reason)
                    }
                    lines.append([.skipped(sample.number, sample.id, problem)])
                    continue
                }
                lines.append(
                    sample.questions.enumerated().map { turn, asked in
                        DrawnAnswers(
                            sample: sample.number, id: sample.id, turn: turn, turns: sample.questions.count,
                            original: asked.answer)
                    })
                samples.append(sample)
                places.append(place)
            }
        }
        var chains = samples.indices.flatMap { sample in
            settings.keep == .best
                ? [Chain(sample: sample, draw: nil)]
                : (0..<settings.samples).map { Chain(sample: sample, draw: $0) }
        }
        for turn in 0..<(samples.map(\.questions.count).max() ?? 0) {
            let open = chains.indices.filter { turn < samples[chains[$0].sample].questions.count }
            var askings = open.map { asking(chains[$0], number: $0, samples, turn) }
            try draw(&askings, chains, samples, turn, visual, beforeStep)
            for asking in askings {
                let sample = samples[chains[asking.chain].sample]
                try beforeStep()
                let answers = try judged(asking, chains[asking.chain], sample, turn, visual)
                lines[places[chains[asking.chain].sample]][turn].answers += answers
                let kept = answers.first { $0.problem == nil }?.text
                chains[asking.chain].goOn(
                    after: sample.questions[turn], hasImage: asking.hasImage, kept, settings.history)
            }
        }
        return lines.flatMap { $0 }
    }

    /// Computes the visual tokens of a sample's picture, unless they are known.
    ///
    /// - Returns: what is wrong with the picture
    private func see(
        _ sample: AskedSample, _ visual: inout [ExactKey: Tensor]
    ) throws -> DrawnAnswers.BadSample? {
        guard let name = sample.image, visual[ExactKey(name)] == nil else { return nil }
        guard let processor = model.imageProcessor else { throw ModelsError.noVision }
        guard let bytes = try pictures.bytes(of: name) else { return pictures.problem(of: name) }
        do {
            let picture = try decodeImage(
                bytes, name: name,
                background: SettingProblem.requireColour(settings.background, "background"))
            visual[ExactKey(name)] = try model.visualTokens(pixels: processor.process(picture)).data
            return nil
        } catch let error as ImageError {
            return DrawnAnswers.BadSample(kind: "bad-image", reason: "\(error)")
        }
    }

    private func asking(_ chain: Chain, number: Int, _ samples: [AskedSample], _ turn: Int) -> Asking {
        let asked = samples[chain.sample].questions[turn]
        let hasImage = asked.hasImage || chain.owesImage
        let ids = prompts.ids(of: asked.question, hasImage: hasImage, after: chain.history)
        return Asking(chain: number, ids: ids, hasImage: hasImage)
    }

    /// Draws the answers to questions whose prompts are not too long.
    private func draw(
        _ askings: inout [Asking], _ chains: [Chain], _ samples: [AskedSample], _ turn: Int,
        _ visual: [ExactKey: Tensor], _ beforeStep: () throws -> Void
    ) throws {
        let most = prompts.longestPrompt(before: settings.maximumNewTokens)
        let wanted = askings.indices.filter { askings[$0].ids.count <= most }.flatMap { asking in
            (chains[askings[asking].chain].draw.map { [$0] } ?? Array(0..<settings.samples)).map {
                (asking: asking, draw: $0)
            }
        }
        let asked = askings
        func image(_ asking: Asking) -> String? {
            asking.shows ? samples[chains[asking.chain].sample].image : nil
        }
        let beginnings = PromptBeginnings(wanted.map { (image(asked[$0.asking]), asked[$0.asking].ids) })
        var drawn: [Generated?] = wanted.map { _ in nil }
        try model.language.generate(
            count: wanted.count, settings: prompts.generation(settings),
            text: { prompts.tokenizer.decode($0, skipSpecialTokens: false) },
            stream: { number in
                let sample = samples[chains[asked[wanted[number].asking].chain].sample].number
                return Self.stream(sample: sample, turn: turn, draw: wanted[number].draw)
            },
            beforeStep: beforeStep,
            prompt: { number in
                let asking = asked[wanted[number].asking]
                return Prompt(
                    try embedded(asking, samples[chains[asking.chain].sample], visual),
                    prefix: beginnings.prefixes[number])
            },
            finished: { drawn[$0] = $1 })
        for (place, generated) in zip(wanted, drawn) { askings[place.asking].drawn[place.draw] = generated }
    }

    /// Names the random numbers of an answer: with the seed and the position in it they depend on nothing
    /// else.
    static func stream(sample: Int, turn: Int, draw: Int) -> UInt64 {
        var stream = CounterRandom(UInt64(sample), UInt64(turn), UInt64(draw))
        return stream.next()
    }

    private func embedded(
        _ asking: Asking, _ sample: AskedSample, _ visual: [ExactKey: Tensor]
    ) throws -> Value {
        let tokens = sample.image.flatMap { asking.shows ? visual[ExactKey($0)] : nil }
        return try model.embed(ids: asking.ids, visual: tokens.map { Value($0) })
    }

    /// The answers of a chain to a question, with their probabilities, and whether they are kept.
    private func judged(
        _ asking: Asking, _ chain: Chain, _ sample: AskedSample, _ turn: Int, _ visual: [ExactKey: Tensor]
    ) throws -> [DrawnAnswer] {
        let drawn = asking.drawn.sorted { $0.key < $1.key }
        guard !drawn.isEmpty else {
            return [
                DrawnAnswer(
                    draw: chain.draw ?? 0, text: "", tokens: 0, logProbability: nil, agreement: nil,
                    isCut: false, problem: .longPrompt)
            ]
        }
        let original = sample.questions[turn].answer
        let scores = model.language.logProbabilities(
            of: drawn.map(\.value.ids), after: try embedded(asking, sample, visual))
        var answers = try zip(drawn, scores).map { drawn, score in
            let mean = score.reduce(0, +) / Double(score.count)
            guard mean.isFinite else { throw AnsweringError.notFinite(sample: sample.id) }
            let text = prompts.text(of: drawn.value)
            return DrawnAnswer(
                draw: drawn.key, text: text, tokens: score.count, logProbability: mean,
                agreement: original.map { QuestionsAndAnswers.agreement(of: text, with: $0) },
                isCut: drawn.value.ending == .length)
        }
        for index in answers.indices { answers[index].problem = settings.filter.problem(of: answers[index]) }
        guard chain.draw == nil else { return answers }
        // Of equals the first.
        let good = answers.indices.filter { answers[$0].problem == nil }
        let best = good.min {
            (-(answers[$0].logProbability ?? 0), $0) < (-(answers[$1].logProbability ?? 0), $1)
        }
        for index in good where index != best { answers[index].problem = .lessProbable }
        return answers
    }
}

extension DrawnAnswers {
    fileprivate static func skipped(_ number: Int, _ id: String, _ problem: BadSample) -> DrawnAnswers {
        var line = DrawnAnswers(sample: number, id: id, turn: 0, turns: 0, original: nil)
        line.badSample = problem
        return line
    }
}
