/// How a conversation becomes one text, and which parts of it are learnt.
public struct ConversationTemplate: Sendable, Equatable {
    /// Layout of the text.
    public enum Kind: String, Sendable, CaseIterable, Codable {
        /// `{system} USER: <image>\n{q} ASSISTANT: {a}{end}USER: …`: LLaVA's `v1`, Align-TI's Qwen variant.
        case vicuna
        /// `<image>{caption}{end}`: LLaVA's projector pretraining; the question is not used.
        case plain
        /// `<|im_start|>user\n{q}<|im_end|>\n<|im_start|>assistant\n{a}{end}\n…`
        case chatml
        /// `[INST] <<SYS>>\n{system}\n<</SYS>>\n\n{q} [/INST] {a} {end}<s>[INST] …`
        case llama2 = "llama_2"
        /// `<|start_header_id|>user<|end_header_id|>\n\n{q}<|eot_id|>` and so on, each role under its header.
        case llama3 = "llama_3"
    }

    /// Layout of the text.
    public let kind: Kind
    /// Text before the first question; empty for `plain`.
    public let system: String
    /// The text after every answer. Supervised, and (but for `plain`) an added token of the tokenizer.
    public let endText: String

    /// - Parameters:
    ///   - system: nil takes the kind's own
    ///   - endText: nil takes `<|endoftext|>` (vicuna), newline (plain), `<|im_end|>` (chatml), `</s>`
    ///     (llama_2), `<|eot_id|>` (llama_3)
    public init(_ kind: Kind, system: String? = nil, endText: String? = nil) {
        self.kind = kind
        switch kind {
        case .vicuna:
            self.system =
                system ?? """
                    A chat between a curious user and an artificial intelligence assistant. The assistant \
                    gives helpful, \
                    detailed, and polite answers to the user's questions.
                    """
            self.endText = endText ?? "<|endoftext|>"
        case .plain:
            self.system = system ?? ""
            self.endText = endText ?? "\n"
        case .chatml:
            self.system = system ?? "You are a helpful assistant."
            self.endText = endText ?? "<|im_end|>"
        case .llama3:
            self.system = system ?? "You are a helpful assistant."
            self.endText = endText ?? "<|eot_id|>"
        case .llama2:
            self.system =
                system ?? """
                    You are a helpful language and vision assistant. You are able to understand the visual \
                    content that the \
                    user provides, and assist the user with a variety of tasks using natural language.
                    """
            self.endText = endText ?? "</s>"
        }
    }

    /// By the name settings use: vicuna, plain, chatml, llama_2, llama_3.
    public init(named name: String, system: String? = nil, endText: String? = nil) throws {
        guard let kind = Kind(rawValue: name) else {
            throw TextError.badSetting(
                name: "template", found: "'\(name)'",
                expected: "one of \(Kind.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        self.init(kind, system: system, endText: endText)
    }

    /// Everything that decides the text, for a digest.
    public var identity: String {
        "template 1|\(kind.rawValue)|\(system.utf8.count):\(system)|\(endText.utf8.count):\(endText)"
    }

    /// Whether the tokenizer cuts the text where answers end; without that, turns would be tokenised into
    /// each other.
    ///
    /// - Throws: `TextError.tokenMissing`, `.tokenNotCut`
    public func check(_ tokenizer: Tokenizer) throws {
        if kind == .plain { return }
        let needed: [String] =
            switch kind {
            case .chatml: [endText, "<|im_start|>", "<|im_end|>"]
            case .llama3: [endText, "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
            case .vicuna, .plain, .llama2: [endText]
            }
        for token in needed {
            guard let id = tokenizer.addedID(of: token) else {
                let own = tokenizer.endOfTextID.flatMap { end in
                    tokenizer.addedTokens.first { $0.id == end }.map {
                        String(decoding: $0.content, as: UTF8.self)
                    }
                }
                let end = own.map { "; its own end of a text is '\($0)'" } ?? ""
                throw TextError.tokenMissing(
                    token: token, purpose: "the \(kind.rawValue) template's markup",
                    remedy: token == endText
                        ? "set end_token (pack-shards) or end_text (elsewhere)\(end)" : nil)
            }
            // A token that is looked for in the normalised text may not be found behind a word.
            guard tokenizer.encode("a\(token)", addSpecialTokens: false).last == id else {
                throw TextError.tokenNotCut(token: token)
            }
        }
    }

    /// The id after which generation stops.
    public func endID(_ tokenizer: Tokenizer) -> Int32? { tokenizer.addedID(of: endText) }

    /// The ids after which an answer stops: the template's end, the tokenizer's own, and the model's.
    public func endIDs(_ tokenizer: Tokenizer, model ids: [Int32]) -> Set<Int32> {
        Set(ids + [endID(tokenizer), tokenizer.endOfTextID].compactMap { $0 })
    }

    /// A conversation as segments.
    ///
    /// The rules are LLaVA's (`preprocess`, `preprocess_multimodal`): a leading gpt turn is dropped; a marker
    /// anywhere in a human turn is moved to its front, followed by a newline, and that turn is stripped of
    /// outer white space.
    ///
    /// - Parameter imageCount: how many images the sample has; as many markers are wanted
    public func segments(_ turns: [ConversationTurn], imageCount: Int) throws(SampleProblem) -> [Segment] {
        let exchanges = try Conversation(turns, imageCount: imageCount).exchanges
        var builder = SegmentBuilder()
        if kind == .plain {
            guard exchanges.count == 1, exchanges[0].hasImage else {
                throw .unfitForTemplate(
                    "the plain template wants one human turn with <image> and one caption")
            }
        }
        for (index, exchange) in exchanges.enumerated() {
            add(exchange, isFirst: index == 0, to: &builder)
        }
        return builder.segments
    }

    private func add(_ exchange: Exchange, isFirst: Bool, to builder: inout SegmentBuilder) {
        addQuestion(exchange.question, hasImage: exchange.hasImage, isFirst: isFirst, to: &builder)
        switch kind {
        case .vicuna: builder.add(" \(exchange.answer)\(endText)", supervised: true)
        case .plain, .chatml, .llama3: builder.add("\(exchange.answer)\(endText)", supervised: true)
        case .llama2: builder.add(" \(exchange.answer) \(endText)", supervised: true)
        }
    }

    /// The segments of a prompt, up to where the answer starts. The image stands in front of its question;
    /// markers of it in the text go, as LLaVA's scripts have it.
    ///
    /// - Parameter history: what was asked and answered before
    public func promptSegments(
        after history: [Exchange] = [], for userText: String, hasImage: Bool
    ) -> [Segment] {
        var builder = SegmentBuilder()
        for (index, exchange) in history.enumerated() { add(exchange, isFirst: index == 0, to: &builder) }
        let isMarked = hasImage && userText.contains(Conversation.imageMarker)
        let question =
            isMarked
            ? userText.replacing(Conversation.imageMarker, with: "")
                .trimmingCharacters(in: .whitespacesAndNewlines)
            : userText
        addQuestion(question, hasImage: hasImage, isFirst: history.isEmpty, to: &builder)
        return builder.segments
    }

    /// The prompt as one text, its image written `<image>`: docs/benchmarks.md, Asking.
    public func prompt(
        after history: [Exchange] = [], for userText: String, hasImage: Bool
    ) -> String {
        promptSegments(after: history, for: userText, hasImage: hasImage).map {
            switch $0 {
            case .text(let text, _): text
            case .image: Conversation.imageMarker
            }
        }.joined()
    }

    private func addQuestion(
        _ question: String, hasImage: Bool, isFirst: Bool, to builder: inout SegmentBuilder
    ) {
        switch kind {
        case .vicuna: builder.add(isFirst ? "\(system) USER: " : "USER: ")
        case .plain: break
        case .chatml:
            if isFirst, !system.isEmpty { builder.add("<|im_start|>system\n\(system)<|im_end|>\n") }
            builder.add(isFirst ? "<|im_start|>user\n" : "\n<|im_start|>user\n")
        case .llama3:
            if isFirst, !system.isEmpty {
                builder.add("<|start_header_id|>system<|end_header_id|>\n\n\(system)<|eot_id|>")
            }
            builder.add("<|start_header_id|>user<|end_header_id|>\n\n")
        case .llama2:
            builder.add(isFirst ? "[INST] " : "<s>[INST] ")
            if isFirst, !system.isEmpty { builder.add("<<SYS>>\n\(system)\n<</SYS>>\n\n") }
        }
        if hasImage { builder.addImage() }
        if kind == .plain { return }
        // A turn that is nothing but the image has no newline after it: LLaVA strips it.
        builder.add(hasImage && !question.isEmpty ? "\n\(question)" : question)
        switch kind {
        case .vicuna: builder.add(" ASSISTANT:")
        case .plain: break
        case .chatml: builder.add("<|im_end|>\n<|im_start|>assistant\n")
        case .llama2: builder.add(" [/INST]")
        case .llama3: builder.add("<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n")
        }
    }
}

/// Joins neighbouring texts of one kind.
private struct SegmentBuilder {
    private(set) var segments: [Segment] = []

    mutating func addImage() { segments.append(.image) }

    mutating func add(_ text: String, supervised: Bool = false) {
        if text.isEmpty { return }
        if case .text(let before, supervised)? = segments.last {
            segments[segments.count - 1] = .text(before + text, supervised: supervised)
        } else {
            segments.append(.text(text, supervised: supervised))
        }
    }
}
