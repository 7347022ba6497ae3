import Autograd
import Tensors

/// When and how to continue a prompt.
public struct GenerationSettings: Sendable {
    /// Tokens of an answer at most.
    public var maximumNewTokens: Int
    /// IDs that end an answer; they are its last id.
    public var endOfSequenceIDs: Set<Int32>
    /// Texts that end an answer when they appear in it; they need a way from ids to text.
    public var stopTexts: [String]
    /// Rule by which a token is chosen.
    public var sampling: Sampling
    /// Number of ids from 0 that may be chosen; nil: all. For models whose vocabularies are padded
    /// differently.
    public var vocabulary: Int?
    /// Sequences that are continued side by side.
    public var slots: Int
    /// Whether the logits that each id was chosen from are kept.
    public var keepsLogits: Bool
    /// Whether an id may be chosen from logits that are no numbers: a training sees them in its loss.
    public var allowsNonFinite = false

    public init(
        maximumNewTokens: Int = 128, endOfSequenceIDs: Set<Int32> = [], stopTexts: [String] = [],
        sampling: Sampling = .greedy, slots: Int = 8,
        keepsLogits: Bool = false
    ) {
        (self.maximumNewTokens, self.endOfSequenceIDs, self.stopTexts) = (
            maximumNewTokens, endOfSequenceIDs, stopTexts
        )
        (self.sampling, self.slots, self.keepsLogits) = (sampling, slots, keepsLogits)
    }
}

/// An answer.
public struct Generated {
    /// Reason why an answer ended.
    public enum Ending: Sendable { case endOfSequenceID, stopText, length }

    /// The new ids; with `.endOfSequenceID` the stop id is the last.
    public internal(set) var ids: [Int32] = []
    public internal(set) var ending = Ending.length
    /// `[vocabulary]` for each id, when they are kept.
    public internal(set) var logits: [Tensor] = []
    /// The new ids without a stop id.
    public var answerIDs: [Int32] { ending == .endOfSequenceID ? ids.dropLast() : ids }
}

extension LanguageModel {
    /// Continues prompts of any lengths, several at once and without padding. A finished sequence leaves its
    /// slot to the next prompt. Each prompt gets the ids that it would get alone.
    ///
    /// - Parameters:
    ///   - count: number of prompts
    ///   - text: ids to text, for stop texts
    ///   - stream: names a prompt's random numbers
    ///   - beforeStep: called before every pass; it may throw to stop
    ///   - prompt: a prompt, asked for when its turn comes; what neighbours have in common is computed once
    ///   - grown: receives what an answer is so far, after each of its ids
    ///   - finished: receives the answers as they end, not in the order of prompts
    /// - Throws: what `beforeStep`, `prompt` and `finished` throw; `ModelsError.logitsNotFinite`
    public func generate(
        count: Int, settings: GenerationSettings, text: (([Int32]) -> String)? = nil,
        stream: (Int) -> UInt64 = { UInt64($0) },
        beforeStep: () throws -> Void = {}, prompt: (Int) throws -> Prompt,
        grown: (Int, Generated) throws -> Void = { _, _ in },
        finished: (Int, Generated) throws -> Void
    ) throws {
        precondition(
            settings.stopTexts.isEmpty || text != nil, "generate: stop texts need a way from ids to text")
        precondition(
            settings.slots > 0 && settings.maximumNewTokens > 0,
            "generate: \(settings.slots) slots, \(settings.maximumNewTokens) tokens")
        let workers = workers(slots: min(settings.slots, max(1, count)))
        try withoutActuallyEscaping(stream) { stream in
            try withoutActuallyEscaping(beforeStep) { beforeStep in
                try withoutActuallyEscaping(prompt) { prompt in
                    try withoutActuallyEscaping(grown) { grown in
                        try withoutActuallyEscaping(finished) { finished in
                            let queue = PromptQueue(count, stream, beforeStep, prompt, grown, finished)
                            nonisolated(unsafe) let (model, text) = (self, text)
                            parallelTasks(workers) { worker in
                                var part = settings
                                part.slots =
                                    settings.slots * (worker + 1) / workers
                                    - settings.slots * worker / workers
                                queue.guarding { try model.work(through: queue, part, text) }
                            }
                            try queue.rethrow()
                        }
                    }
                }
            }
        }
    }

    /// A small model's pass is too short to be split over processors, so the sequences are.
    private func workers(slots: Int) -> Int {
        let weights = parameters.reduce(0) { $0 + $1.value.count }
        return weights < 4_000_000 ? max(1, min(Machine.processors, slots / 4)) : 1
    }

    private func work(
        through queue: PromptQueue, _ settings: GenerationSettings, _ text: (([Int32]) -> String)?
    ) throws {
        let cache = KeyValueCache(configuration, slots: min(settings.slots, max(1, queue.count)))
        var sequences: [OpenSequence] = []
        var free = Array((0..<cache.slots).reversed())
        var memory = PrefixMemory()
        while true {
            // The prompts that find a slot, in one ragged pass.
            var prompts: [Prompt] = []
            var ready: [OpenSequence] = []
            while let slot = free.last, let (number, stream, prompt) = try queue.next() {
                free.removeLast()
                prompts.append(prompt)
                ready.append(OpenSequence(prompt: number, slot: slot, stream: stream))
            }
            guard !prompts.isEmpty || !sequences.isEmpty else { return }
            try queue.beforeStep()
            let last: Value
            if prompts.isEmpty {
                ready = sequences
                sequences = []
                last = step(ready, cache)
            } else {
                last = prefill(prompts, ready.map(\.slot), cache, &memory)
            }
            let rows = logits(last.data)
            for (row, var sequence) in ready.enumerated() {
                try sequence.take(rows.rows(row..<row + 1), settings, text)
                if cache.lengths[sequence.slot] + 1 >= configuration.maximumPositions {
                    sequence.hasEnded = true  // no position is left for another id
                }
                try queue.grown(sequence.prompt, sequence.generated)
                if sequence.hasEnded {
                    free.append(sequence.slot)
                    try queue.finished(sequence.prompt, sequence.generated)
                } else {
                    sequences.append(sequence)
                }
            }
        }
    }

    /// Continues prompts and returns their answers in order; see
    /// `generate(count:settings:text:stream:prompt:finished:)`.
    public func generate(_ prompts: [Value], settings: GenerationSettings, text: (([Int32]) -> String)? = nil)
        throws -> [Generated]
    {
        var answers = Array(repeating: Generated(), count: prompts.count)
        try generate(
            count: prompts.count, settings: settings, text: text, prompt: { Prompt(prompts[$0]) },
            finished: { answers[$0] = $1 })
        return answers
    }

    /// Runs whole prompts into their slots; returns the last row of each, `[prompts, hidden]`.
    private func prefill(
        _ prompts: [Prompt], _ slots: [Int], _ cache: KeyValueCache, _ memory: inout PrefixMemory
    ) -> Value {
        let (lengths, prefixes) = (prompts.map(\.embeddings.rows), prompts.map(\.prefix))
        precondition(lengths.allSatisfy { $0 > 0 }, "generate: an empty prompt")
        let embeddings = concatenateRows(prompts.map { Value($0.embeddings.data) })
        let positions = lengths.flatMap { (0..<Int32($0)) }
        let kept = memory.kept(prefixes)
        let sharing = RowSharing(lengths: lengths, prefixes: prefixes, kept: kept?.places ?? [])
        let ends = lengths.indices.map { lengths[...$0].reduce(0, +) }
        let output: LanguageOutput
        if let sharing {
            output = forward(
                gatherRows(embeddings, sharing.computed),
                positions: sharing.computed.map { positions[Int($0)] }, layout: sharing.layout,
                computing: sharing, kept: kept?.layers, keepsTape: false)
        } else {
            output = forward(
                embeddings, positions: positions, layout: .causal(lengths: lengths), keepsTape: false)
        }
        for (index, slot) in slots.enumerated() {
            let rows = ends[index] - lengths[index]..<ends[index]
            cache.replace(slot: slot, with: output.layers, rows: rows)
            if let prefix = prefixes[index] { memory.keep(prefix, output.layers, from: rows.lowerBound) }
        }
        return gatherRows(output.hidden, sharing?.lastRows ?? ends.map { Int32($0 - 1) })
    }

    /// Runs the newest id of each sequence; returns `[sequences, hidden]`.
    private func step(_ sequences: [OpenSequence], _ cache: KeyValueCache) -> Value {
        let slots = sequences.map(\.slot)
        let output = forward(
            Value(embed(sequences.map(\.newest)).data), positions: slots.map { Int32(cache.lengths[$0]) },
            layout: cache.layout(of: slots),
            trunk: cache.trunk, keepsTape: false)
        for (row, slot) in slots.enumerated() { cache.append(to: slot, output.layers, rows: row..<row + 1) }
        return output.hidden
    }
}

/// A prompt that is being continued.
private struct OpenSequence {
    let prompt, slot: Int
    let stream: UInt64
    var generated = Generated()
    var hasEnded = false
    var newest: Int32 { generated.ids.last ?? 0 }

    init(prompt: Int, slot: Int, stream: UInt64) {
        (self.prompt, self.slot, self.stream) = (prompt, slot, stream)
    }

    /// Chooses the next id from `[1, vocabulary]` logits and sees whether it was the last.
    ///
    /// - Throws: `ModelsError.logitsNotFinite`
    mutating func take(_ logits: Tensor, _ settings: GenerationSettings, _ text: (([Int32]) -> String)?)
        throws
    {
        let row = UnsafeBufferPointer(
            start: logits.pointer, count: min(logits.count, settings.vocabulary ?? logits.count))
        let id = settings.sampling.choose(row, stream: stream, step: generated.ids.count)
        guard settings.allowsNonFinite || row[Int(id)].isFinite else {
            throw ModelsError.logitsNotFinite(prompt: prompt)
        }
        generated.ids.append(id)
        if settings.keepsLogits { generated.logits.append(logits.copy()) }
        if settings.endOfSequenceIDs.contains(id) {
            (generated.ending, hasEnded) = (.endOfSequenceID, true)
        } else if let text, settings.stopTexts.contains(where: { endsWithin(generated.ids, $0, text) }) {
            (generated.ending, hasEnded) = (.stopText, true)
        } else if generated.ids.count >= settings.maximumNewTokens {
            hasEnded = true
        }
    }

    /// Whether `stop` has just appeared. An id is a byte of text at least, so the last ids tell; a few more
    /// do for those without text.
    private func endsWithin(_ ids: [Int32], _ stop: String, _ text: ([Int32]) -> String) -> Bool {
        text(ids.suffix(stop.utf8.count + 8)).contains(stop)
    }
}
