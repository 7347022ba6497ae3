import Autograd
import Files
import Foundation
import Models
import Tensors
import TestSupport
import Testing

@Suite struct LanguageModelTests {
    /// The ribbon of the fixtures (trunk rows and candidates) in one pass, and as trunk and branch.
    @Test func ribbonInOnePassEqualsTrunkAndBranch() throws {
        for golden in try Golden.all where Fixtures.has("losses.safetensors", in: golden.folder) {
            let losses = try SafeTensorsFile(golden.folder.appendingPathComponent("losses.safetensors"))
            let places = try losses.int32s("ribbon/sample0_positions")
            // [places, d, vocabulary]
            let expected = try Golden.tensor(losses, "ribbon/sample0_student_cand_logits")
            let candidates = try golden.batch.int32s("candidates")
            let d = expected.shape[1]
            let branchIDs = places.flatMap { place in (0..<d).map { candidates[Int(place) * d + $0] } }
            let branchPositions = places.flatMap { Array(repeating: $0, count: d) }
            let sample = try golden.rows().samples[0]
            let length = sample.ids.count
            let model = try golden.model("student")
            let tokens = model.visualTokensPerImage
            let visual = try model.visualTokens(planes: Golden.tensor(golden.batch, "pixel_values"))
            let trunk = try model.embed(
                ids: sample.ids, visual: gatherRows(visual, (0..<Int32(tokens)).map { $0 }))
            let branch = model.language.embed(branchIDs)
            let trunkPositions = (0..<Int32(length)).map { $0 }
            let causal = AttentionLayout.causal(lengths: [length])

            let first = model.language.forward(trunk, positions: trunkPositions, layout: causal)
            let after = model.language.forward(
                branch, positions: branchPositions,
                layout: AttentionLayout([
                    .init(
                        queries: 0..<branchIDs.count, keys: 0..<length, visible: branchPositions,
                        seesItself: true)
                ]),
                trunk: first.layers)
            #expect(
                largestDifference(model.language.logits(after.hidden.data).values, expected.values) < 2e-4,
                "\(golden.folder.path)")

            let layout = AttentionLayout(
                causal.segments + [
                    .init(
                        queries: length..<length + branchIDs.count, keys: 0..<length,
                        visible: branchPositions, seesItself: true)
                ])
            let ribbon = model.language.forward(
                concatenateRows([trunk, branch]), positions: trunkPositions + branchPositions, layout: layout)
            let apart = first.hidden.data.values + after.hidden.data.values
            #expect(largestDifference(ribbon.hidden.data.values, apart) < 1e-5)
        }
    }

    @Test func droppingTheTapeChangesNothing() throws {
        let golden = try #require(try Golden.all.first)
        let model = try golden.model("teacher", trainable: [.language])
        let ids = try golden.generate.int32s("prompt2/input_ids")
        func hidden(_ keepsTape: Bool) -> LanguageOutput {
            model.language.forward(
                model.language.embed(ids), positions: (0..<Int32(ids.count)).map { $0 },
                layout: .causal(lengths: [ids.count]),
                keepsTape: keepsTape)
        }
        let (with, without) = (hidden(true), hidden(false))
        #expect(with.hidden.data.values == without.hidden.data.values)
        #expect(with.hidden.requiresGradient && !without.hidden.requiresGradient)
        #expect(without.layers.allSatisfy { !$0.keys.requiresGradient && !$0.values.requiresGradient })
    }

    struct Stories: Decodable {
        struct Prompt: Decodable {
            let input_ids: [Int32]
            let last_logits: [Float]
            let token_nll: [Float]
            let greedy_ids_48: [Int32]
        }
        let prompts: [Prompt]
        let free_greedy_ids: [Int32]
    }

    static let storiesFolder = Fixtures.real("models/stories260k")
    static func stories() throws -> (LlavaModel, Stories)? {
        guard let folder = storiesFolder else { return nil }
        let data = try Data(contentsOf: folder.appendingPathComponent("goldens.json"))
        return (try LlavaModel(folder: folder), try JSONDecoder().decode(Stories.self, from: data))
    }

    @Test(.enabled(if: storiesFolder != nil)) func publishedModelGivesItsLogitsAndLosses() throws {
        let (model, stories) = try #require(try Self.stories())
        #expect(!model.hasVision)
        for prompt in stories.prompts {
            let ids = prompt.input_ids
            let output = model.language.forward(
                try model.embed(ids: ids), positions: (0..<Int32(ids.count)).map { $0 },
                layout: .causal(lengths: [ids.count]))
            let logits = model.language.logits(output.hidden.data)
            #expect(
                largestDifference(logits.rows(ids.count - 1..<ids.count).values, prompt.last_logits) < 2e-4)
            for (position, expected) in prompt.token_nll.enumerated() {
                let row = logits.rows(position..<position + 1).values.map(Double.init)
                let top = row.max() ?? 0
                let logSum = top + log(row.reduce(0) { $0 + exp($1 - top) })
                #expect(abs(logSum - row[Int(ids[position + 1])] - Double(expected)) < 1e-4)
            }
        }
    }
}
