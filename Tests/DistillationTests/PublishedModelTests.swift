import Foundation
import Models
import TestSupport
import Testing
import Text

/// The published 260 K-parameter Llama, its tokenizer and generation together: text in, its author's text
/// out.
@Suite struct PublishedModelTests {
    static let folder = Fixtures.real("models/stories260k")

    private struct Golden: Decodable {
        struct Prompt: Decodable {
            let prompt: String
            let input_ids: [Int32]
            let greedy_text: String
        }
        let free_greedy_text: String
        let free_greedy_ids: [Int32]
        let prompts: [Prompt]
    }

    @Test(.enabled(if: folder != nil)) func continuesTextAsPublished() throws {
        let folder = try #require(Self.folder)
        let golden = try JSONDecoder().decode(
            Golden.self, from: Data(contentsOf: folder.appendingPathComponent("goldens.json")))
        let (model, tokenizer) = (try LlavaModel(folder: folder), try Tokenizer(contentsOf: folder))
        func text(_ ids: [Int32], _ count: Int) throws -> String {
            let answer = try model.language.generate(
                [try model.embed(ids: ids)], settings: GenerationSettings(maximumNewTokens: count))[0]
            return tokenizer.decode(ids + answer.ids, skipSpecialTokens: true).trimmingCharacters(
                in: .whitespaces)
        }
        for prompt in golden.prompts {
            let ids = tokenizer.encode(prompt.prompt, addSpecialTokens: true)
            #expect(ids == prompt.input_ids)
            #expect(try text(ids, 48) == prompt.greedy_text)
        }
        let free = try text([1], golden.free_greedy_ids.count - 1)
        #expect(free == golden.free_greedy_text.trimmingCharacters(in: .whitespaces))
    }
}
