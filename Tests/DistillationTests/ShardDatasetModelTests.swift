import AlignmentSupport
import Files
import Foundation
import Models
import Shards
import TestSupport
import Testing
import Text

/// What ends a response that a student samples.
@Suite struct ShardDatasetModelTests {
    private let fixture = Fixtures.repository.appendingPathComponent(
        "Tests/Fixtures/models/qwen2_siglip/student")

    @Test func aResponseEndsAtTheShardsEndTokenOrTheModelsOwn() throws {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder)
            let model = try LlavaModel(folder: fixture)
            let own = Set(model.configuration.text.endOfSequenceIDs)
            #expect(try dataset.endOfSequenceIDs(model.configuration, folder: fixture) == own && own == [2])
            // As tinyDataset packs with: ids 266 and 267 are the special tokens.
            let json = try BPETrainer(vocabularySize: 268, specialTokens: ["<|endoftext|>", "<image>"]).train(
                on: ["red", "green", "blue", "yellow", "what is it?", "USER ASSISTANT"])
            try AtomicOutput.writeAtomically(json, to: folder.appendingPathComponent("tokenizer.json"))
            let end = try #require(
                try Tokenizer(json: json, file: "tokenizer.json").addedID(of: dataset.description.endToken))
            #expect(
                try dataset.endOfSequenceIDs(model.configuration, folder: folder) == own.union([end])
                    && end != 2)
        }
    }

    @Test func samplesThatMayBeLongerThanTheModelsPositionsAreRefused() throws {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder)
            try dataset.require(LlavaConfiguration(folder: fixture), folder: fixture)
            let text = try String(
                contentsOf: fixture.appendingPathComponent("config.json"), encoding: .utf8
            ).replacing(#/"max_position_embeddings": *512/#, with: "\"max_position_embeddings\": 63")
            try AtomicOutput.writeAtomically(text, to: folder.appendingPathComponent("config.json"))
            #expect {
                try dataset.require(LlavaConfiguration(folder: folder), folder: folder)
            } throws: {
                guard case .mismatch(_, "maximum_length", "64", let expected) = $0 as? ShardsError else {
                    return false
                }
                return expected.hasPrefix("at most 63, the max_position_embeddings")
            }
        }
    }

    /// The remedy names the folder to pack with.
    @Test func shardsOfAnotherTokenizerSayWhatToPackWith() throws {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder)
            let json = try BPETrainer(vocabularySize: 268, specialTokens: ["<|end|>", "<image>"]).train(
                on: ["red", "green"])
            let model = folder.appendingPathComponent("model")
            try AtomicOutput.writeAtomically(json, to: model.appendingPathComponent("tokenizer.json"))
            #expect {
                try dataset.require(LlavaConfiguration(folder: fixture), folder: model)
            } throws: {
                "\($0)".contains("another tokenizer") && "\($0)".contains("--tokenizer \(model.path)")
            }
        }
    }

    /// As a user would who has a model and data: nothing is said about pictures.
    @Test func whatIsPackedForAModelSuitsIt() throws {
        let pack = try #require(StageProcess("pack-shards"))
        try withTemporaryFolder { folder in
            _ = try tinyDataset(in: folder)
            let model = folder.appendingPathComponent("model")
            try FileManager.default.copyItem(at: fixture, to: model)
            let json = try BPETrainer(vocabularySize: 268, specialTokens: ["<|endoftext|>", "<image>"]).train(
                on: ["red", "green", "blue", "yellow", "what is it?", "USER ASSISTANT"])
            try AtomicOutput.writeAtomically(json, to: model.appendingPathComponent("tokenizer.json"))
            func packed(_ more: [String]) throws -> ShardDataset {
                let out = folder.appendingPathComponent("packed\(more.count)")
                let outcome = try pack.run(
                    [
                        "--data", folder.appendingPathComponent("data.json").path, "--images",
                        folder.appendingPathComponent("images").path, "--tokenizer", model.path, "--out",
                        out.path, "--set", "maximum_length=64", "--set", "system=\"\"",
                    ] + more)
                try #require(outcome.status == 0, "\(outcome.errors)")
                return try ShardDataset(out)
            }
            let dataset = try packed([])
            try dataset.require(modelIn: model)
            #expect(dataset.description.visualTokens == 16)
            // All that is wrong is said at once, as settings.
            let other = try packed(["--set", "image.size=28", "--set", "image.aspect=pad"])
            #expect {
                try other.require(modelIn: model)
            } throws: {
                "\($0)".contains("'image_processor.size' is 28, not 56; 'image_processor.aspect' is pad")
                    && "\($0)".contains("--set 'image.size=56' --set 'image.aspect=square'")
            }
        }
    }

    @Test func withoutAnEndNothingIsSampled() throws {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder)
            let configuration = folder.appendingPathComponent("config.json")
            let text = try String(
                contentsOf: fixture.appendingPathComponent("config.json"), encoding: .utf8
            ).replacing(#/"eos_token_id": *2/#, with: "\"eos_token_id\": null")
            try AtomicOutput.writeAtomically(text, to: configuration)
            for name in ["model.safetensors", "preprocessor_config.json"] {
                try FileManager.default.copyItem(
                    at: fixture.appendingPathComponent(name), to: folder.appendingPathComponent(name))
            }
            let model = try LlavaModel(folder: folder)
            #expect(model.configuration.text.endOfSequenceIDs.isEmpty)
            #expect { try dataset.endOfSequenceIDs(model.configuration, folder: folder) } throws: {
                "\($0)".contains("<|endoftext|>") && "\($0)".contains("config.json")
            }
        }
    }
}
