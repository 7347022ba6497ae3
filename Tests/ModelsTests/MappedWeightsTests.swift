import Files
import Foundation
import Models
import Tensors
import TestSupport
import Testing

/// bf16 matrices of a frozen model are used where the file has them.
@Suite struct MappedWeightsTests {
    /// The values of a golden model in files of one type.
    private func store(_ source: URL, as type: ElementType, in folder: URL) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = try SafeTensorsFile(source.appendingPathComponent("model.safetensors"))
        var writer = SafeTensorsWriter()
        for entry in file.entries {
            writer.add(entry.name, try file.floats(entry.name), shape: entry.shape, as: type)
        }
        try writer.write(to: folder.appendingPathComponent("model.safetensors"))
        for name in ["config.json", "preprocessor_config.json"] {
            try FileManager.default.copyItem(
                at: source.appendingPathComponent(name), to: folder.appendingPathComponent(name))
        }
    }

    @Test(.enabled(if: Precision.bf16.supported == .bf16), arguments: Fixtures.cases("models"))
    func theyAreTheBitsThatAreComputedFromOthers(folder: URL) throws {
        try withTemporaryFolder { work in
            let (halves, floats) = (work.appendingPathComponent("bf16"), work.appendingPathComponent("f32"))
            let source = folder.appendingPathComponent("student")
            try store(source, as: .bfloat16, in: halves)
            // What bf16 holds of the fixture, in float32: reading rounds it to the same bits.
            try store(halves, as: .float32, in: floats)
            let mapped = try LlavaModel(folder: halves, precision: .bf16).parameters()
            let copied = try LlavaModel(folder: floats, precision: .bf16).parameters()
            #expect(mapped.contains { $0.value.half?.isBorrowed == true })
            for (x, y) in zip(mapped, copied) {
                #expect(x.name == y.name && x.value.data.values == y.value.data.values, "\(x.name)")
                #expect(x.value.half?.isBorrowed == (y.value.half == nil ? nil : true), "\(x.name)")
                #expect(y.value.half?.isBorrowed != true, "\(y.name)")
            }
            // What learns is never the file's.
            let trained = try LlavaModel(folder: halves, trainable: [.language], precision: .bf16)
            for parameter in trained.parameters() where parameter.value.requiresGradient {
                #expect(parameter.value.half?.isBorrowed != true, "\(parameter.name)")
            }
        }
    }

    /// As the stages answer: products in fp32, and no copy of what they multiply by.
    @Test func answersFromTheFileAreThoseOfItsFloats() throws {
        for golden in try Golden.all {
            try withTemporaryFolder { work in
                try store(golden.folder.appendingPathComponent("student"), as: .bfloat16, in: work)
                let mapped = try LlavaModel(folder: work, mapped: true)
                let copied = try LlavaModel(folder: work)
                #expect(mapped.parameters().contains { $0.mappedBytes > 0 })
                #expect(copied.parameters().allSatisfy { $0.mappedBytes == 0 })
                #expect(mapped.precision == .fp32)
                for slots in [1, 8] {
                    let settings = GenerationSettings(maximumNewTokens: 8, slots: slots, keepsLogits: true)
                    let answers = try [mapped, copied].map { model in
                        try model.language.generate(
                            GenerationTests.prompts(golden, model), settings: settings)
                    }
                    for (found, expected) in zip(answers[0], answers[1]) {
                        #expect(found.ids == expected.ids)
                        #expect(found.logits.map(\.values) == expected.logits.map(\.values))
                    }
                }
            }
        }
    }

    @Test func aNumberThatIsNotFiniteIsNamed() throws {
        let source = try #require(Fixtures.cases("models").first).appendingPathComponent("student")
        try withTemporaryFolder { work in
            let folder = work.appendingPathComponent("model")
            try store(source, as: .bfloat16, in: folder)
            let url = folder.appendingPathComponent("model.safetensors")
            let name = try #require(
                try SafeTensorsFile(url).entries.first { $0.name.hasSuffix("q_proj.weight") }?.name)
            let file = try SafeTensorsFile(url)
            var writer = SafeTensorsWriter()
            for entry in file.entries {
                var values = try file.floats(entry.name)
                if entry.name == name { values[3] = .nan }
                writer.add(entry.name, values, shape: entry.shape, as: .bfloat16)
            }
            try writer.write(to: url)
            #expect {
                try LlavaModel(folder: folder, precision: .bf16)
            } throws: { error in
                guard case ModelsError.notFinite(_, name, 3, let value) = error else { return false }
                return value.isNaN
            }
        }
    }
}
