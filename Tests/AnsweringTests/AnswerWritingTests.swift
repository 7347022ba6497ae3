import Answering
import Autograd
import Files
import Foundation
import Images
import Models
import RanksSupport
import Shards
import TestSupport
import Testing
import Text

@Suite struct AnswerWritingTests {
    private func withConversations(
        _ records: [JSONValue] = TinyConversations.records(9), _ body: (TinyConversations) throws -> Void
    ) throws {
        try withTemporaryFolder { try body(try TinyConversations(in: $0, records)) }
    }

    /// What the model says to a question alone, by the parts that answer-benchmarks uses.
    private func asked(
        _ tiny: TinyConversations, _ model: LlavaModel, _ question: String, image: String?,
        history: [Exchange] = []
    ) throws -> (prompt: Value, answer: Generated) {
        let tokenizer = try Tokenizer(contentsOf: tiny.model)
        let template = ConversationTemplate(.vicuna, system: "")
        let ids = TokenizedConversation(
            template.promptSegments(
                after: history, for: question, hasImage: image != nil && history.isEmpty),
            tokenizer: tokenizer
        ).ids(visualTokens: model.visualTokensPerImage).ids
        let visual = try image.map { name in
            let picture = try decodeImage(
                InputBytes.read(tiny.images.appendingPathComponent(name)), name: name)
            return try model.visualTokens(pixels: try #require(model.imageProcessor).process(picture))
        }
        let prompt = try model.embed(ids: ids, visual: visual)
        var settings = GenerationSettings(
            maximumNewTokens: 6,
            endOfSequenceIDs: template.endIDs(tokenizer, model: model.configuration.text.endOfSequenceIDs))
        settings.vocabulary = tokenizer.vocabularySize
        return (prompt, try model.language.generate([prompt], settings: settings)[0])
    }

    private func text(_ tiny: TinyConversations, _ answer: Generated) throws -> String {
        try Tokenizer(contentsOf: tiny.model).decode(answer.answerIDs, skipSpecialTokens: true)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Mean log-probability by a plain pass over prompt and answer, in double precision.
    private func meanLogProbability(_ model: LlavaModel, _ prompt: Value, _ ids: [Int32]) -> Double {
        let rows = concatenateRows([prompt, model.language.embed(ids)])
        let output = model.language.forward(
            rows, positions: (0..<Int32(rows.rows)).map { $0 }, layout: .causal(lengths: [rows.rows]))
        let logits = model.language.logits(output.hidden.data)
        let terms = ids.enumerated().map { index, id in
            let start = (prompt.rows - 1 + index) * logits.width
            let row = (0..<logits.width).map { Double(logits.values[start + $0]) }
            return row[Int(id)] - log(row.reduce(0) { $0 + exp($1) })
        }
        return terms.reduce(0, +) / Double(terms.count)
    }

    @Test func greedyAnswersAndTheirProbabilitiesAreThoseOfAQuestionAlone() throws {
        try withConversations { tiny in
            let model = try LlavaModel(folder: tiny.model)
            let lines = try tiny.drawn(TinyConversations.settings { $0.slots = 3 })
            // Six samples of two questions, three of one.
            #expect(lines.count == 15 && lines.map(\.sample) == lines.map(\.sample).sorted())
            for line in lines where line.turn == 0 {
                let image = line.sample % 3 == 2 ? nil : "\(line.sample % 4).png"
                let alone = try asked(tiny, model, "what is \(line.sample)?", image: image)
                let answer = line.answers[0]
                #expect(answer.text == (try text(tiny, alone.answer)) && answer.draw == 0)
                #expect(answer.tokens == alone.answer.ids.count)
                #expect(answer.isCut == (alone.answer.ending == .length))
                #expect(line.original == "red \(line.sample)" && line.id == "\(100 + line.sample)")
                let mean = meanLogProbability(model, alone.prompt, alone.answer.ids)
                #expect(abs(try #require(answer.logProbability) - mean) < 1e-4)
            }
        }
    }

    @Test func aLaterQuestionIsAskedAfterTheModelsOwnAnswers() throws {
        try withConversations { tiny in
            let model = try LlavaModel(folder: tiny.model)
            for history in [WritingSettings.History.own, .original] {
                let lines = try tiny.drawn(TinyConversations.settings { $0.history = history })
                let (first, second) = (lines[0], lines[1])
                let own = try #require(first.answers.first)
                #expect(second.sample == 0 && second.turn == 1 && own.problem == nil)
                let before = Exchange(
                    hasImage: true, question: "what is 0?", answer: history == .own ? own.text : "red 0")
                let alone = try asked(tiny, model, "and then?", image: "0.png", history: [before])
                #expect(second.answers[0].text == (try text(tiny, alone.answer)))
            }
        }
    }

    @Test func drawsDependOnNothingBesideThem() throws {
        try withConversations { tiny in
            let settings = TinyConversations.settings {
                ($0.decoding, $0.samples, $0.seed) = (.sampled, 3, 5)
            }
            let together = try tiny.drawn(settings)
            var apart = settings
            (apart.slots, apart.samplesAtOnce) = (2, 1)
            func texts(_ lines: [DrawnAnswers]) -> [[String]] { lines.map { $0.answers.map(\.text) } }
            #expect(texts(try tiny.drawn(apart)) == texts(together))
            #expect(together.allSatisfy { $0.answers.map(\.draw) == [0, 1, 2] })
            #expect(Set(texts(together).joined()).count > 40)
            var other = settings
            other.seed = 6
            #expect(texts(try tiny.drawn(other)) != texts(together))
        }
    }

    @Test func theMostProbableDrawIsKeptOrAll() throws {
        try withConversations { tiny in
            var settings = TinyConversations.settings { ($0.decoding, $0.samples) = (.sampled, 3) }
            for line in try tiny.drawn(settings) {
                let kept = line.answers.filter { $0.problem == nil }
                #expect(kept.count == 1)
                let most = line.answers.filter { [nil, .lessProbable].contains($0.problem) }
                    .compactMap(\.logProbability).max()
                #expect(kept.first?.logProbability == most)
            }
            settings.keep = .all
            let (counts, conversations) = try tiny.write(settings, to: "all")
            #expect(counts.conversations == 27 && counts.kept == 45)
            #expect(conversations[0]["id"] == "100#0" && conversations[5]["id"] == "101#2")
            #expect(Set(conversations[0..<3].map(\.turns)).count == 3)
        }
    }

    @Test func severalProcessesAndAnArchiveGiveTheSame() throws {
        try withConversations { tiny in
            let settings = TinyConversations.settings { $0.samplesAtOnce = 2 }
            let alone = try tiny.drawn(settings)
            let tar = tiny.folder.appendingPathComponent("images.tar")
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = ["tar", "-cf", tar.path, "-C", tiny.images.path, "."]
            try process.run()
            process.waitUntilExit()
            #expect(try tiny.drawn(settings, images: tar) == alone)
            let shared = try ThreadMessenger.run(3) { try tiny.drawn(settings, ranks: $0) }
            #expect(shared[0] == alone && shared[1].isEmpty && shared[2].isEmpty)
        }
    }

    @Test func whatCannotBeAskedIsNamedOrSkipped() throws {
        var records = TinyConversations.records(3)
        records[1] = [
            "id": 7, "image": "nowhere.png",
            "conversations": .array([
                ["from": "human", "value": "<image>\nwhat?"]
            ]),
        ]
        records.append(["id": 8, "conversations": .array([["from": "gpt", "value": "alone"]])])
        try withConversations(records) { tiny in
            #expect {
                try tiny.writing(TinyConversations.settings())
            } throws: { "\($0)".contains("sample '8': the conversation has no turns") }
            #expect {
                try tiny.drawn(TinyConversations.settings { $0.limit = 3 })
            } throws: { "\($0)".contains("sample '7': image 'nowhere.png' is not in") }
            let (counts, _) = try tiny.write(TinyConversations.settings { $0.onBadSample = .skip }, to: "out")
            #expect(counts.samples == 4 && counts.skipped == 2 && counts.conversations == 2)
        }
    }

    @Test func aPromptWithoutRoomForAnAnswerHasNone() throws {
        let long = String(repeating: "what is it? ", count: 60)
        let records: [JSONValue] = [
            [
                "id": 1,
                "conversations": .array([
                    ["from": "human", "value": .string(long)], ["from": "human", "value": "red?"],
                ]),
            ]
        ]
        try withConversations(records) { tiny in
            let lines = try tiny.drawn(TinyConversations.settings { $0.maximumNewTokens = 400 })
            #expect(lines[0].answers.map(\.problem) == [.longPrompt] && lines[0].original == nil)
            // What was not answered is not in the way of what comes after it.
            #expect(lines[1].answers[0].tokens > 0 && lines[1].answers[0].agreement == nil)
        }
    }
}
