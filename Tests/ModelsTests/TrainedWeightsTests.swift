import Autograd
import Files
import Foundation
import Models
import Settings
import Tensors
import TestSupport
import Testing

/// Parts, layers, embeddings and heads that learn or are frozen.
@Suite struct TrainedWeightsTests {
    struct Holder: Recipe, Equatable {
        @Setting("What learns.") var trainable: TrainedWeights = [.projector, .language]
    }

    private func read(_ value: JSONValue) throws -> TrainedWeights {
        try Holder(receipt: ["trainable": value]).trainable
    }

    private func upper(_ layers: [Int]? = [1, 2], _ change: (inout LanguageWeights) -> Void = { _ in })
        -> TrainedWeights
    {
        var weights = TrainedWeights([.projector, .language])
        weights.language.layers = layers
        change(&weights.language)
        return weights
    }

    @Test func aListAndAGroupAreReadAndWritten() throws {
        #expect(try read(["vision", "language"]) == [.vision, .language])
        #expect(try read(["language": ["layers": [12, 24]]]) == upper([12, 24]))
        #expect(
            try read(["vision": true, "projector": false, "language": ["embeddings": false]])
                == TrainedWeights(
                    [.vision, .language], language: upper(nil) { $0.embeddings = false }.language)
        )
        for weights in [
            [.language, .projector], [], upper(), upper([3, 3]) { ($0.norm, $0.head) = (false, false) },
        ] as [TrainedWeights] {
            var holder = Holder()
            holder.trainable = weights
            #expect(try Holder(receipt: holder.tree()) == holder)
        }
        // What no group is needed for is written as it always was.
        #expect(try Holder().tree() == ["trainable": ["projector", "language"]])
        #expect(
            try Holder(receipt: ["trainable": ["language": ["head": true]]]).tree()
                == ["trainable": ["projector", "language"]])
    }

    @Test func whatCannotBeIsNamed() {
        for (value, part) in [
            (
                "language",
                "'trainable' is the text 'language', expected list of vision | projector | language, or group"
            ),
            (["tower"], "expected one of vision, projector, language"),
            (["language": ["layers": [4]]], "'trainable.language.layers' is [4], expected the first layer"),
            (["language": ["layers": [4, 2]]], "'trainable.language.layers' is [4, 2], expected the first"),
            (["language": ["layers": [-1, 2]]], "'trainable.language.layers[0]' is -1"),
            (["language": ["embedding": false]], "did you mean 'embeddings'"),
            (["languages": [:]], "did you mean 'language'"),
        ] as [(JSONValue, String)] {
            #expect {
                try read(value)
            } throws: { error in
                "\(error)".contains(part)
            }
        }
    }

    @Test func theSchemaTakesBoth() throws {
        let schema = try Holder.schema(title: "r")
        guard case .array(let forms)? = schema["properties"]?["trainable"]?["anyOf"], forms.count == 2 else {
            Issue.record("no two forms: \(schema)")
            return
        }
        #expect(
            forms[0] == ["type": "array", "items": ["enum": ["vision", "projector", "language"]]])
        #expect(forms[1]["properties"]?["language"]?["properties"]?["head"]?["type"] == "boolean")
        #expect(forms[1]["properties"]?["vision"]?["default"] == false)
    }

    @Test func everyWeightOfAModelHasItsPlace() throws {
        let golden = try #require(try Golden.all.first { $0.folder.path.hasSuffix("llama_clip") })
        let names = try golden.model("student").parameters(of: [.language]).map(\.name)
        let places = names.map { LanguagePlace(name: $0) }
        #expect(places.first == .embeddings && places.last == .head)
        #expect(places.count { $0 == .norm } == 1)
        #expect(places.count { $0 == .layer(0) } == 9 && places.count { $0 == .layer(1) } == 9)
        #expect(places.count == 3 + 18)
        #expect(LanguagePlace(name: "model.multi_modal_projector.linear_1.weight") == nil)
        #expect(LanguagePlace(name: "model.language_model.layers.17.mlp.up_proj.weight") == .layer(17))
    }

    @Test func aRangeIsHalfOpenAndTheProjectorStays() {
        let weights = upper([12, 24]) { $0.embeddings = false }
        func layer(_ index: Int) -> Bool {
            weights.contains("model.language_model.layers.\(index).mlp.up_proj.weight")
        }
        #expect([0, 11, 12, 23, 24].map(layer) == [false, false, true, true, false])
        #expect(weights.contains("lm_head.weight") && weights.contains("model.language_model.norm.weight"))
        #expect(!weights.contains("model.language_model.embed_tokens.weight"))
        #expect(weights.contains("model.multi_modal_projector.linear_1.bias"))
        #expect(!weights.contains("model.vision_tower.post_layernorm.weight"))
        #expect("\(weights)" == "projector, language (layers 12 to 23, without embeddings)")
    }

    @Test func theModelsDepthAndItsHeadAreAskedBeforeWeightsAreRead() throws {
        for golden in try Golden.all where Fixtures.isOwn(golden.folder) {
            let tied = try golden.model("student").configuration.text.tiedEmbeddings
            _ = try golden.model("student", trainable: upper([0, 2]))
            #expect(
                throws: SettingProblem(
                    "trainable.language.layers",
                    "is [1, 3], and the model has the layers 0 to 1: the second number, behind the last "
                        + "layer that learns, is at most 2")
            ) { try golden.model("student", trainable: upper([1, 3])) }
            let headless = upper(nil) { $0.head = false }
            if tied {
                #expect {
                    try golden.model("student", trainable: headless)
                } throws: {
                    ($0 as? SettingProblem)?.key == "trainable.language.head"
                }
            } else {
                let frozen = try golden.model("student", trainable: headless).parameters().filter {
                    !$0.value.requiresGradient && ModelPart(name: $0.name) == .language
                }
                #expect(frozen.map(\.name) == ["lm_head.weight"])
            }
        }
    }

    /// Nothing below the lowest layer that learns is on the tape, with and without recomputation.
    @Test(arguments: [false, true]) func nothingIsKeptBelowTheLowestLayerThatLearns(recompute: Bool) throws {
        // Its head is the table of embeddings.
        let golden = try #require(try Golden.all.first { $0.folder.path.hasSuffix("qwen2_siglip") })
        var weights = upper([1, 2]) { $0.embeddings = false }
        weights.parts = [.language]
        let (model, output) = try LlavaModelTests.forward(
            golden, "student", golden.rows(), trainable: weights, recompute: recompute)
        #expect(!output.layers[0].keys.requiresGradient && output.layers[1].keys.requiresGradient)
        output.hidden.backward()
        for parameter in model.parameters() {
            #expect(
                (parameter.value.gradient != nil) == weights.contains(parameter.name), "\(parameter.name)")
        }
    }

    @Test func aReplicaThatLearnsLessGetsNoGradient() throws {
        let golden = try #require(try Golden.all.first)
        let model = try golden.model("student", trainable: [.projector, .language])
        let still = try model.replica(trainable: [])
        #expect(still.parameters().allSatisfy { !$0.value.requiresGradient })
        let part = try model.replica(trainable: upper())
        for (whole, own) in zip(model.parameters(), part.parameters()) {
            #expect(own.value.requiresGradient == upper().contains(own.name), "\(own.name)")
            #expect(own.value.data.pointer == whole.value.data.pointer, "\(own.name): its memory is shared")
        }
    }
}
