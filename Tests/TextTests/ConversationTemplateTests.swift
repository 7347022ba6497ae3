import Foundation
import TestSupport
import Testing
import Text

struct ConversationTemplateTests {
    private let opening = """
        A chat between a curious user and an artificial intelligence assistant. \
        The assistant gives helpful, detailed, and polite answers to the user's questions. \

        """

    @Test func vicunaRendersAsTheDesignSays() throws {
        let turns = [
            ConversationTurn(.human, "<image>\nWhat?"), .init(.gpt, "A cat."), .init(.human, "Sure?"),
            .init(.gpt, "Yes"),
        ]
        #expect(
            try ConversationTemplate(.vicuna).segments(turns, imageCount: 1) == [
                .text(opening + "USER: ", supervised: false), .image,
                .text("\nWhat? ASSISTANT:", supervised: false),
                .text(" A cat.<|endoftext|>", supervised: true),
                .text("USER: Sure? ASSISTANT:", supervised: false),
                .text(" Yes<|endoftext|>", supervised: true),
            ])
        let llama = try ConversationTemplate(.vicuna, endText: "</s>").segments(turns, imageCount: 1)
        #expect(llama.last == .text(" Yes</s>", supervised: true))
    }

    @Test(arguments: ["<image>\nWhat?", "What?\n<image>", "What?<image>  ", "  <image> What? "])
    func theImageMovesToTheFrontOfItsTurn(_ question: String) throws {
        let segments = try ConversationTemplate(.vicuna).segments(
            [.init(.human, question), .init(.gpt, "a")], imageCount: 1)
        #expect(segments[1] == .image)
        #expect(segments[2] == .text("\nWhat? ASSISTANT:", supervised: false))
    }

    @Test func questionsMayLackTheirAnswers() throws {
        let turns: [ConversationTurn] = [
            .init(.gpt, "dropped"), .init(.human, "What? <image>"), .init(.human, "b"), .init(.gpt, " "),
            .init(.human, "c"), .init(.gpt, "d"), .init(.human, "e"),
        ]
        let asked = try AskedQuestion.all(of: turns, imageCount: 1)
        #expect(asked.map(\.question) == ["What?", "b", "c", "e"])
        #expect(asked.map(\.answer) == [nil, nil, "d", nil])
        #expect(asked.map(\.hasImage) == [true, false, false, false])
        #expect(asked[0].text == "What? <image>")
        #expect(throws: SampleProblem.rolesDoNotAlternate(turn: 2)) {
            try Exchange.all(of: turns, imageCount: 1)
        }
        #expect(throws: SampleProblem.rolesDoNotAlternate(turn: 2)) {
            try AskedQuestion.all(
                of: [.init(.human, "a"), .init(.gpt, "b"), .init(.gpt, "c")], imageCount: 0)
        }
    }

    @Test func aTurnOfNothingButTheImageHasNoNewline() throws {
        let segments = try ConversationTemplate(.vicuna).segments(
            [.init(.human, "<image>\n"), .init(.gpt, "a")], imageCount: 1)
        #expect(segments[2] == .text(" ASSISTANT:", supervised: false))
    }

    @Test func theOtherTemplatesRenderAsTheirModelsDo() throws {
        let turns = [
            ConversationTurn(.human, "<image>\nq"), .init(.gpt, "a"), .init(.human, "r"), .init(.gpt, "b"),
        ]
        #expect(
            try ConversationTemplate(.chatml, system: "S").segments(turns, imageCount: 1) == [
                .text("<|im_start|>system\nS<|im_end|>\n<|im_start|>user\n", supervised: false), .image,
                .text("\nq<|im_end|>\n<|im_start|>assistant\n", supervised: false),
                .text("a<|im_end|>", supervised: true),
                .text("\n<|im_start|>user\nr<|im_end|>\n<|im_start|>assistant\n", supervised: false),
                .text("b<|im_end|>", supervised: true),
            ])
        #expect(
            try ConversationTemplate(.llama2, system: "S").segments(turns, imageCount: 1) == [
                .text("[INST] <<SYS>>\nS\n<</SYS>>\n\n", supervised: false), .image,
                .text("\nq [/INST]", supervised: false),
                .text(" a </s>", supervised: true), .text("<s>[INST] r [/INST]", supervised: false),
                .text(" b </s>", supervised: true),
            ])
        #expect(
            try ConversationTemplate(.plain).segments(Array(turns.prefix(2)), imageCount: 1) == [
                .image, .text("a\n", supervised: true),
            ])
    }

    /// Llama's published tokenizers look for `</s>` in the normalised text, where `▁` stands before it.
    @Test func anEndThatTheTokenizerDoesNotCutOutIsRefused() throws {
        var object = TinyTokenizers.sentencePiece()
        let template = ConversationTemplate(.vicuna, endText: "</s>")
        try template.check(TinyTokenizers.read(object))
        object["added_tokens"] = [
            TinyTokenizers.added(1, "<s>"), TinyTokenizers.added(2, "</s>", ["normalized": true]),
        ]
        #expect(throws: TextError.tokenNotCut(token: "</s>")) {
            try template.check(TinyTokenizers.read(object))
        }
        #expect {
            try ConversationTemplate(.vicuna).check(TinyTokenizers.read(object))
        } throws: {
            "\($0)".contains(
                "set end_token (pack-shards) or end_text (elsewhere); its own end of a text is '</s>'")
        }
    }

    @Test func aPromptIsTheStartOfTheTrainingText() {
        let template = ConversationTemplate(.vicuna)
        #expect(
            template.prompt(for: "Hi\nthere", hasImage: true) == opening
                + "USER: <image>\nHi\nthere ASSISTANT:")
        #expect(template.prompt(for: "Hi", hasImage: false) == opening + "USER: Hi ASSISTANT:")
        // Where there is a picture, LLaVA's scripts take its marker out of a question.
        #expect(
            template.prompt(for: "Hi <image>\n", hasImage: true) == opening + "USER: <image>\nHi ASSISTANT:")
        // Without one it is text.
        #expect(
            template.promptSegments(for: "<image>", hasImage: false) == [
                .text(opening + "USER: <image> ASSISTANT:", supervised: false)
            ])
    }

    @Test(
        arguments: [
            ([], 0, SampleProblem.noTurns),
            ([.init(.gpt, "a")], 0, .noTurns),
            ([.init(.human, "q")], 0, .unanswered(turn: 0)),
            ([.init(.human, "q"), .init(.human, "r")], 0, .rolesDoNotAlternate(turn: 1)),
            ([.init(.gpt, "a"), .init(.gpt, "b")], 0, .rolesDoNotAlternate(turn: 1)),
            ([.init(.human, "q"), .init(.gpt, " \n")], 0, .emptyTurn(turn: 1)),
            ([.init(.human, ""), .init(.gpt, "a")], 0, .emptyTurn(turn: 0)),
            ([.init(.human, "q"), .init(.gpt, "a")], 1, .imageMarkers(found: 0, images: 1)),
            ([.init(.human, "<image>q"), .init(.gpt, "a")], 0, .imageMarkers(found: 1, images: 0)),
            ([.init(.human, "<image>q<image>"), .init(.gpt, "a")], 2, .imageMarkers(found: 1, images: 2)),
            (
                [.init(.human, "<image>q"), .init(.gpt, "a"), .init(.human, "<image>r"), .init(.gpt, "b")], 1,
                .imageMarkers(found: 2, images: 1)
            ),
            ([.init(.human, "q"), .init(.gpt, "<image>a")], 1, .misplacedImageMarker(turn: 1)),
        ] as [([ConversationTurn], Int, SampleProblem)])
    func aSampleThatCannotBeTrainedOnIsNamed(
        _ turns: [ConversationTurn], _ images: Int, _ problem: SampleProblem
    ) {
        #expect(throws: problem) { try ConversationTemplate(.vicuna).segments(turns, imageCount: images) }
        #expect(!problem.description.isEmpty && !problem.kind.isEmpty)
    }

    /// LLaVA takes every marker out of a turn and puts one before it.
    @Test func markersOfOneTurnAreOneImage() throws {
        func segments(_ question: String) throws -> [Segment] {
            try ConversationTemplate(.vicuna).segments(
                [.init(.human, question), .init(.gpt, "a")], imageCount: 1)
        }
        #expect(try segments("<image> one <image><image>") == segments("<image>\none"))
        #expect(try segments("a <image> and <image> b") == segments("<image>\na  and  b"))
    }

    @Test func aLeadingAnswerIsDropped() throws {
        let turns = [ConversationTurn(.gpt, "Hello"), .init(.human, "q"), .init(.gpt, "a")]
        let template = ConversationTemplate(.vicuna)
        #expect(
            try template.segments(turns, imageCount: 0)
                == template.segments(Array(turns.dropFirst()), imageCount: 0))
    }

    @Test func plainRefusesWhatIsNoCaption() {
        #expect(throws: SampleProblem.self) {
            try ConversationTemplate(.plain).segments([.init(.human, "q"), .init(.gpt, "a")], imageCount: 0)
        }
    }

    @Test func aTokenizerWithoutTheEndTokenIsRefused() throws {
        let tokenizer = try TinyTokenizers.read(try TinyTokenizers.byteLevel())
        try ConversationTemplate(.vicuna).check(tokenizer)
        try ConversationTemplate(.plain).check(tokenizer)
        #expect(ConversationTemplate(.vicuna).endID(tokenizer) == 258)
        for template in [
            ConversationTemplate(.llama2), ConversationTemplate(.chatml),
            ConversationTemplate(.vicuna, endText: "</s>"),
        ] {
            #expect(throws: TextError.self) { try template.check(tokenizer) }
        }
    }

    @Test func namesAndIdentities() throws {
        #expect(try ConversationTemplate(named: "llama_2") == ConversationTemplate(.llama2))
        #expect(throws: TextError.self) { try ConversationTemplate(named: "alpaca") }
        let identities = [
            ConversationTemplate(.vicuna), ConversationTemplate(.vicuna, endText: "</s>"),
            ConversationTemplate(.vicuna, system: ""),
            ConversationTemplate(.chatml),
        ].map(\.identity)
        #expect(Set(identities).count == identities.count)
    }

    struct ExpectedPrompts: Decodable {
        struct Item: Decodable {
            let model_prompt: String
            let has_image: Bool
        }
        let items: [Item]
    }

    @Test func everyBenchmarkPromptIsReproduced() throws {
        var compared = 0  // of our own
        for folder in Fixtures.cases("benchmarks") {
            let url = folder.appendingPathComponent("expected_prompts.json")
            guard FileManager.default.fileExists(atPath: url.path) else { continue }
            for item in try JSONDecoder().decode(ExpectedPrompts.self, from: Data(contentsOf: url)).items {
                // The user text is what stands between the fixed parts.
                let start = opening + "USER: " + (item.has_image ? "<image>\n" : "")
                try #require(item.model_prompt.hasPrefix(start) && item.model_prompt.hasSuffix(" ASSISTANT:"))
                let user = String(item.model_prompt.dropFirst(start.count).dropLast(" ASSISTANT:".count))
                let prompt = ConversationTemplate(.vicuna).prompt(for: user, hasImage: item.has_image)
                #expect(prompt.utf8.elementsEqual(item.model_prompt.utf8))
                compared += Fixtures.isOwn(folder) ? 1 : 0
            }
        }
        #expect(compared == 24 + 30 + 56 + 35 + 24 + 24)
    }
}
