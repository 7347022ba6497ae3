import Files
import Foundation
import Models
import Tensors
import TestSupport
import Testing

@Suite struct SavingTests {
    @Test func savedModelsAreReadBackIdentically() throws {
        for golden in try Golden.all {
            for role in Golden.roles {
                let model = try golden.model(role)
                try withTemporaryFolder { folder in
                    let out = folder.appendingPathComponent("out")
                    try model.save(to: out)
                    let again = try LlavaModel(folder: out)
                    #expect(CheckpointTests.values(again) == CheckpointTests.values(model))
                    #expect(again.configuration.vision?.imageSize == model.configuration.vision?.imageSize)
                    #expect(again.configuration.imageTokenID == model.configuration.imageTokenID)
                    #expect(again.configuration.text.ropeTheta == model.configuration.text.ropeTheta)
                    #expect(
                        again.configuration.text.endOfSequenceIDs == model.configuration.text.endOfSequenceIDs
                    )
                    #expect(again.imageProcessor == model.imageProcessor)
                    // A second generation is the same bytes: nothing is lost or drifts.
                    let third = folder.appendingPathComponent("third")
                    try again.save(to: third)
                    #expect(try Self.contents(third) == Self.contents(out))
                }
            }
        }
    }

    @Test func weightsThatAreNoNumbersAreNotWritten() throws {
        let golden = try #require(try Golden.all.first)
        let model = try golden.model("student", trainable: [.language])
        let last = try #require(model.parameters().last { $0.name.contains("language_model") })
        last.value.data.pointer[1] = .infinity
        try withTemporaryFolder { folder in
            let out = folder.appendingPathComponent("out")
            #expect { try model.save(to: out) } throws: {
                "\($0)".contains("'\(last.name)' holds inf at index 1")
            }
            #expect(!FileManager.default.fileExists(atPath: out.path))
        }
    }

    static func contents(_ folder: URL) throws -> [String: [UInt8]] {
        var found: [String: [UInt8]] = [:]
        for name in try FolderListing.files(below: folder) {
            found[name] = Array(try Data(contentsOf: folder.appendingPathComponent(name)))
        }
        return found
    }

    /// The tower's last layer and pooling head are not computed with, but a rewritten checkpoint has them.
    @Test func unusedTensorsAndUnknownKeysSurvive() throws {
        let golden = try #require(try Golden.all.first { $0.folder.lastPathComponent == "qwen2_siglip" })
        try withTemporaryFolder { folder in
            let source = folder.appendingPathComponent("source")
            try FileManager.default.copyItem(at: golden.folder.appendingPathComponent("teacher"), to: source)
            let config = source.appendingPathComponent("config.json")
            let text = try String(contentsOf: config, encoding: .utf8).replacingOccurrences(
                of: "\"image_seq_length\"",
                with: "\"my_own_key\": [1, 2.5, null, {\"a\": true}],\n\"image_seq_length\"")
            try FileManager.default.removeItem(at: config)
            try Data(text.utf8).write(to: config)
            let tokenizer = Data(#"{"model": {"vocab": {"a": 0, "<image>": 1}}, "more": 1}"#.utf8)
            try tokenizer.write(to: source.appendingPathComponent("tokenizer.json"))
            let out = folder.appendingPathComponent("out")
            try LlavaModel(folder: source).save(to: out)
            let before = try SafeTensorsFile(source.appendingPathComponent("model.safetensors"))
            let after = try SafeTensorsFile(out.appendingPathComponent("model.safetensors"))
            #expect(Set(before.names) == Set(after.names))
            for name in before.names { #expect(try before.floats(name) == after.floats(name)) }
            let written = try #require(
                try JSONSerialization.jsonObject(
                    with: Data(contentsOf: out.appendingPathComponent("config.json"))) as? [String: Any])
            let kept = try JSONSerialization.data(withJSONObject: try #require(written["my_own_key"]))
            #expect(String(decoding: kept, as: UTF8.self) == #"[1,2.5,null,{"a":true}]"#)
            #expect(try Data(contentsOf: out.appendingPathComponent("tokenizer.json")) == tokenizer)
        }
    }

    /// What transformers' AutoProcessor takes from a folder.
    @Test func theFilesOfTheProcessorGoWithACheckpoint() throws {
        try withTemporaryFolder { folder in
            let out = folder.appendingPathComponent("out")
            try FileManager.default.createDirectory(at: out, withIntermediateDirectories: true)
            let assembly = try ModelAssembly(
                AssemblySettings(), language: nil, vision: nil,
                tokenizer: ModelAssemblyTests.tokenizer(in: folder, hasImage: true))
            try assembly.model.write(
                into: out, tokenizer: folder.appendingPathComponent("tokenizer-true-4"),
                endOfSequenceIDs: [4, 1])
            #expect(try assembly.model.imageToken(in: out) == "<image>")
            func read(_ name: String) throws -> JSONValue {
                try JSONValue(parsing: [UInt8](Data(contentsOf: out.appendingPathComponent(name))))
            }
            let processor = try read("processor_config.json")
            #expect(processor["processor_class"] == "LlavaProcessor" && processor["patch_size"] == 16)
            #expect(processor["vision_feature_select_strategy"] == "full")
            #expect(processor["num_additional_image_tokens"] == 0 && processor["image_token"] == "<image>")
            let tokenizer = try read("tokenizer_config.json")
            #expect(tokenizer["eos_token"] == "<|endoftext|>" && tokenizer["image_token"] == "<image>")
            #expect(try read("generation_config.json")["eos_token_id"] == [4, 1])
            // What is read again ends at both.
            #expect(try LlavaConfiguration(folder: out).text.endOfSequenceIDs == [4, 1])
            // Also where another model is made of it, whose answers nothing draws.
            try AtomicOutput.writeAtomically(
                #"{"eos_token_id": [4, 1, 0], "do_sample": true, "top_k": 20, "max_length": 99}"#,
                to: out.appendingPathComponent("generation_config.json"))
            let next = folder.appendingPathComponent("next")
            try FileManager.default.createDirectory(at: next, withIntermediateDirectories: true)
            try ModelAssembly(AssemblySettings(), language: out, vision: nil, tokenizer: nil).write(
                into: next)
            let generation = try JSONField(
                parsing: InputBytes.read(next.appendingPathComponent("generation_config.json")), file: "g")
            #expect(try generation["eos_token_id"].value == [4, 1, 0])
            #expect(try generation["max_length"].value == 99)
            #expect(try generation["do_sample"].value == nil && generation["top_k"].value == nil)
        }
    }

    /// Unless told otherwise each weight is stored as it was, and `config.json` says what the language
    /// model's is.
    @Test func weightsAreStoredAsTheyWereOrAsOneIsTold() throws {
        let golden = try #require(try Golden.all.first { $0.folder.lastPathComponent == "qwen3_siglip" })
        for type in [nil, .f32, .bf16, .f16] as [StoredType?] {
            try withTemporaryFolder { folder in
                let source = folder.appendingPathComponent("source")
                try FileManager.default.createDirectory(at: source, withIntermediateDirectories: true)
                let student = golden.folder.appendingPathComponent("student")
                let file = try SafeTensorsFile(student.appendingPathComponent("model.safetensors"))
                var writer = SafeTensorsWriter()
                for entry in file.entries {
                    let isTower = entry.name.hasPrefix("vision_tower.")
                    writer.add(
                        entry.name, try file.floats(entry.name), shape: entry.shape,
                        as: isTower ? .float16 : .bfloat16)
                }
                try writer.write(to: source.appendingPathComponent("model.safetensors"))
                for name in ["config.json", "preprocessor_config.json"] {
                    try FileManager.default.copyItem(
                        at: student.appendingPathComponent(name), to: source.appendingPathComponent(name))
                }
                let out = folder.appendingPathComponent("out")
                try LlavaModel(folder: source, trainable: [.language], precision: .bf16).save(
                    to: out, type: type)
                let before = try SafeTensorsFile(source.appendingPathComponent("model.safetensors"))
                let after = try SafeTensorsFile(out.appendingPathComponent("model.safetensors"))
                #expect(Set(before.names) == Set(after.names))
                for entry in before.entries {
                    let found = try after.entry(entry.name)
                    #expect(found.dtype == type?.elementType ?? entry.dtype)
                    if found.dtype == entry.dtype {
                        #expect(try after.bytes(entry.name) == before.bytes(entry.name))
                    }
                }
                let config = try JSONValue(
                    parsing: [UInt8](Data(contentsOf: out.appendingPathComponent("config.json"))))
                let name: JSONValue = [.f32: "float32", .f16: "float16"][type ?? .bf16] ?? "bfloat16"
                #expect(config["torch_dtype"] == name)
                for part in [config, config["text_config"] ?? .null, config["vision_config"] ?? .null] {
                    for key in ["dtype", "torch_dtype"] where part[key] != nil { #expect(part[key] == name) }
                }
            }
        }
    }

    @Test func shardsAreWrittenAndReadWithTheirIndex() throws {
        let model = try #require(try Golden.all.first).model("student")
        try withTemporaryFolder { folder in
            let out = folder.appendingPathComponent("out")
            try model.save(to: out, type: .bf16, shardBytes: 60_000)
            let names = try FolderListing.files(below: out)
            #expect(names.contains { $0.hasPrefix("model-00002-of-") }, "\(names)")
            #expect(names.contains("model.safetensors.index.json") && !names.contains("model.safetensors"))
            let again = try LlavaModel(folder: out)
            // The fixture is stored as bf16, so a bf16 copy is exact.
            #expect(CheckpointTests.values(again) == CheckpointTests.values(model))
        }
    }

    @Test(.enabled(if: LanguageModelTests.storiesFolder != nil))
    func languageModelAloneIsSavedUnderItsOwnNames() throws {
        let source = try #require(LanguageModelTests.storiesFolder)
        try withTemporaryFolder { folder in
            let out = folder.appendingPathComponent("out")
            try LlavaModel(folder: source).save(to: out)
            let names = try SafeTensorsFile(out.appendingPathComponent("model.safetensors")).names
            #expect(
                Set(names)
                    == Set(try SafeTensorsFile(source.appendingPathComponent("model.safetensors")).names))
            #expect(
                CheckpointTests.values(try LlavaModel(folder: out))
                    == CheckpointTests.values(try LlavaModel(folder: source)))
        }
    }
}
