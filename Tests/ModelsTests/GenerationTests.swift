import Autograd
import Files
import Foundation
import Models
import Tensors
import TestSupport
import Testing

@Suite struct GenerationTests {
    /// Prompts of a fixture: 0 and 1 with an image, 2 without.
    static func prompts(_ golden: Golden, _ model: LlavaModel) throws -> [Value] {
        let planes = try Golden.tensor(golden.batch, "pixel_values")
        let visual = try model.visualTokens(planes: planes)
        let count = Int32(model.visualTokensPerImage)
        return try (0..<3).map { index in
            let ids = try golden.generate.int32s("prompt\(index)/input_ids")
            let image = index == 2 ? nil : gatherRows(visual, (0..<count).map { Int32(index) * count + $0 })
            return try model.embed(ids: ids, visual: image)
        }
    }

    @Test(arguments: [1, 2, 8]) func greedyTokensAndLogitsAreThoseOfTransformers(slots: Int) throws {
        for golden in try Golden.all {
            for role in Golden.roles {
                let model = try golden.model(role, trainable: [.language])
                let settings = GenerationSettings(maximumNewTokens: 12, slots: slots, keepsLogits: true)
                let answers = try model.language.generate(try Self.prompts(golden, model), settings: settings)
                for (index, answer) in answers.enumerated() {
                    #expect(
                        answer.ids == (try golden.generate.int32s("prompt\(index)/\(role)/ids")),
                        "\(golden.folder.path) \(role)")
                    #expect(answer.ending == .length)
                    let expected = try golden.generate.floats("prompt\(index)/\(role)/logits")
                    #expect(largestDifference(answer.logits.flatMap(\.values), expected) < 2e-4)
                    #expect(answer.logits.count * model.language.vocabularySize == expected.count)
                }
            }
        }
    }

    @Test func anAnswerEndsWhereTheModelsPositionsDo() throws {
        let golden = try #require(try Golden.all.first)
        let model = try golden.model("student")
        let prompt = try Self.prompts(golden, model)[2]
        let positions = model.configuration.text.maximumPositions
        let settings = GenerationSettings(maximumNewTokens: positions + 5)
        let answer = try model.language.generate([prompt], settings: settings)[0]
        #expect(answer.ids.count == positions - prompt.rows && answer.ending == .length)
    }

    @Test func logitsThatAreNoNumbersAreRefusedByTheNumberOfThePrompt() throws {
        let golden = try #require(try Golden.all.first)
        let model = try golden.model("student")
        let prompts = try Self.prompts(golden, model)
        let norm = try #require(
            model.parameters().last { $0.name.hasSuffix("norm.weight") })
        norm.value.data.pointer[0] = .greatestFiniteMagnitude
        norm.value.data.pointer[1] = .greatestFiniteMagnitude
        norm.value.dataChanged()
        for sampling in [Sampling.greedy, .random(temperature: 1, topP: 0.9, seed: 1)] {
            let settings = GenerationSettings(maximumNewTokens: 4, sampling: sampling, slots: 1)
            #expect { _ = try model.language.generate(prompts, settings: settings) } throws: {
                if case .logitsNotFinite(0)? = $0 as? ModelsError { true } else { false }
            }
        }
    }

    @Test func endOfSequenceIDEndsAnAnswerAndStaysInIt() throws {
        for golden in try Golden.all {
            for role in Golden.roles {
                let model = try golden.model(role)
                let stop = try golden.generate.int32s("prompt0/\(role)/stop_id")
                let expected = try golden.generate.int32s("prompt0/\(role)/ids_with_stop")
                let settings = GenerationSettings(maximumNewTokens: 12, endOfSequenceIDs: Set(stop))
                let answer = try model.language.generate(
                    [try Self.prompts(golden, model)[0]], settings: settings)[0]
                #expect(answer.ids == expected)
                #expect(answer.ending == (expected.last == stop[0] ? .endOfSequenceID : .length))
                #expect(
                    answer.answerIDs
                        == (expected.last == stop[0] ? expected.dropLast() : expected[...]).map { $0 })
            }
        }
    }

    @Test func stopTextEndsAnAnswer() throws {
        let golden = try #require(try Golden.all.first)
        let model = try golden.model("student")
        let ids = try golden.generate.int32s("prompt0/student/ids")
        let end = try #require(ids.indices.first { ids[$0] != ids[0] })
        let settings = GenerationSettings(maximumNewTokens: 12, stopTexts: ["<\(ids[0])><\(ids[end])>"])
        let answer = try model.language.generate(
            [try Self.prompts(golden, model)[0]], settings: settings, text: Self.spell)[0]
        #expect(answer.ids == Array(ids[...end]))
        #expect(answer.ending == .stopText)
    }

    static func spell(_ ids: [Int32]) -> String { ids.map { "<\($0)>" }.joined() }

    /// Many prompts of different lengths through few slots: a slot is handed on while others go on, and the
    /// cache grows.
    @Test func manyAtOnceGetTheTokensTheyGetAlone() throws {
        let golden = try #require(try Golden.all.first)
        let model = try golden.model("teacher")
        let prompts = (0..<9).map { index in
            model.language.embed(
                (0..<Int32(3 + index * 11)).map {
                    ($0 &* 37 + Int32(index)) % Int32(model.language.vocabularySize)
                })
        }
        for sampling in [Sampling.greedy, .random(temperature: 0.8, topP: 0.9, seed: 3)] {
            // About half of the answers end early by this id.
            let settings = GenerationSettings(
                maximumNewTokens: 40, endOfSequenceIDs: Set(0..<8), sampling: sampling, slots: 4)
            var together: [Int: [Int32]] = [:]
            try model.language.generate(
                count: 9, settings: settings, prompt: { Prompt(prompts[$0]) },
                finished: { together[$0] = $1.ids })
            var alone: [Int: [Int32]] = [:]
            for index in 0..<9 {
                try model.language.generate(
                    count: 1, settings: settings, stream: { _ in UInt64(index) },
                    prompt: { _ in Prompt(prompts[index]) },
                    finished: { alone[index] = $1.ids })
            }
            #expect(together == alone)
            #expect(Set(together.values.map(\.count)).count > 1, "the answers should end at different steps")
        }
    }

    /// Questions about six images through few slots: a beginning is shared within a pass, kept for later
    /// ones, and forgotten when others have come.
    @Test(arguments: [1, 3, 8]) func promptsWithOneBeginningGetTheTokensTheyGetAlone(slots: Int) throws {
        let golden = try #require(try Golden.all.first)
        let model = try golden.model("student", trainable: [.language])
        let limit = Int32(model.language.vocabularySize)
        let images = (0..<6).map { image in (0..<Int32(20)).map { ($0 &* 13 &+ Int32(image) * 7) % limit } }
        // Sorted as an answering sorts them, but for the last, which comes back to the first image.
        let prompts = (0..<25).map { number in
            let image = number == 24 ? 0 : number / 4
            let question = (0..<Int32(1 + number % 5 * 3)).map { ($0 &* 5 &+ Int32(number)) % limit }
            return Prompt(
                model.language.embed(images[image] + question),
                prefix: number % 7 == 6 ? nil : .init(key: image, rows: 20))
        }
        var settings = GenerationSettings(maximumNewTokens: 9, endOfSequenceIDs: Set(0..<8), slots: slots)
        settings.keepsLogits = true
        var found: [Int: Generated] = [:]
        try model.language.generate(
            count: prompts.count, settings: settings, prompt: { prompts[$0] }, finished: { found[$0] = $1 })
        let alone = try model.language.generate(prompts.map(\.embeddings), settings: settings)
        for (number, answer) in alone.enumerated() {
            let shared = try #require(found[number])
            #expect(shared.ids == answer.ids)
            #expect(
                largestDifference(shared.logits.flatMap(\.values), answer.logits.flatMap(\.values)) < 1e-4)
        }
    }

    @Test(.enabled(if: LanguageModelTests.storiesFolder != nil)) func publishedModelContinuesAsItsAuthorSays()
        throws
    {
        let (model, stories) = try #require(try LanguageModelTests.stories())
        let prompts = try stories.prompts.map { try model.embed(ids: $0.input_ids) }
        let answers = try model.language.generate(prompts, settings: GenerationSettings(maximumNewTokens: 48))
        for (answer, prompt) in zip(answers, stories.prompts) { #expect(answer.ids == prompt.greedy_ids_48) }
        let free = try model.language.generate(
            [try model.embed(ids: [1])],
            settings: GenerationSettings(maximumNewTokens: stories.free_greedy_ids.count - 1))
        #expect([1] + free[0].ids == stories.free_greedy_ids)
    }
}
