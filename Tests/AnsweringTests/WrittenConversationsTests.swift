import Answering
import Files
import Foundation
import Shards
import TestSupport
import Testing
import Text

@Suite struct WrittenConversationsTests {
    private func withConversations(_ body: (TinyConversations) throws -> Void) throws {
        try withTemporaryFolder { try body(try TinyConversations(in: $0)) }
    }

    @Test func recordsKeepAllButTheirAnswers() throws {
        try withConversations { tiny in
            let (counts, conversations) = try tiny.write(TinyConversations.settings(), to: "out")
            #expect(counts.samples == 9 && counts.conversations == 9 && counts.turns == 15)
            #expect(counts.kept == 15 && counts.leftOut == 0)
            for (record, written) in zip(tiny.records, conversations) {
                #expect(written["id"] == record["id"] && written["image"] == record["image"])
                #expect(written["source"] == "tests")
                let (old, new) = (record.turns, written.turns)
                #expect(new.count == old.count)
                for turn in old.indices where turn % 2 == 0 { #expect(new[turn] == old[turn]) }
                #expect(new[1] != old[1])
            }
        }
    }

    @Test func theAnswersPack() throws {
        try withConversations { tiny in
            let (_, conversations) = try tiny.write(TinyConversations.settings(), to: "out")
            var settings = PackingSettings()
            (settings.system, settings.image.size, settings.image.aspect) = ("", 56, .square)
            let shards = tiny.folder.appendingPathComponent("shards")
            let tokenizer = try Tokenizer(contentsOf: tiny.model)
            try Packing(
                data: [tiny.folder.appendingPathComponent("out/answers.json")], images: tiny.images,
                tokenizer: tokenizer, settings
            ).run(into: shards)
            let dataset = try ShardDataset(shards)
            #expect(dataset.count == 9)
            let learnt = try dataset.sample(2).labels.filter { $0 >= 0 }
            let text = tokenizer.decode(learnt, skipSpecialTokens: true)
            #expect(text == " \(conversations[2].turns[1])")
        }
    }

    /// The first answers are beyond the filter, so that the second questions show the pictures.
    @Test func aQuestionThatGoesLeavesItsPictureToTheNext() throws {
        try withConversations { tiny in
            let all = try tiny.drawn(TinyConversations.settings())
            let (first, second) = (all[0].answers[0], all[1].answers[0])
            let least = try #require(first.logProbability).nextUp
            let settings = TinyConversations.settings { $0.filter.minimumLogProbability = least }
            let lines = try tiny.drawn(settings)
            #expect(lines[0].answers[0].problem == .improbable)
            // The model was asked what the conversation says, and nothing else.
            #expect(lines[1].answers[0] != second)
            guard lines[1].answers[0].problem == nil else { return }
            let (counts, conversations) = try tiny.write(settings, to: "out")
            #expect(counts.problems[.improbable] ?? 0 > 0)
            #expect(conversations[0]["id"] == 100)
            #expect(conversations[0].turns == ["<image>\nand then?", lines[1].answers[0].text])
        }
    }

    @Test func samplesWithoutAnAnswerThatIsKeptAreCounted() throws {
        try withConversations { tiny in
            let means = try tiny.drawn(TinyConversations.settings()).filter { $0.turns == 1 }.compactMap {
                $0.answers[0].logProbability
            }
            let best = try #require(means.max())
            let (counts, conversations) = try tiny.write(
                TinyConversations.settings { $0.filter.minimumLogProbability = best }, to: "out")
            #expect(counts.leftOut > 0 && counts.leftOut + conversations.count == 9)
            #expect(try #require(counts.meanLogProbability) >= best)
            #expect {
                try tiny.write(TinyConversations.settings { $0.filter.longest = 1 }, to: "none")
            } throws: { error in
                guard case AnsweringError.nothingKept(9, let reasons) = error else { return false }
                return reasons == ["long": 15]
            }
        }
    }
}
