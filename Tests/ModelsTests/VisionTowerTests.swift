import Autograd
import Files
import Foundation
import Images
import Models
import Tensors
import TestSupport
import Testing

/// Golden numbers of towers alone (Tests/Fixtures/towers/README.md), at the size that their position
/// embeddings are stored for and at others.
@Suite struct VisionTowerTests {
    /// A tower of the fixtures inside a small LLaVA model, written and read again.
    private func model(_ tower: URL, side: Int, in folder: URL) throws -> LlavaModel {
        var settings = AssemblySettings()
        (settings.imageSize, settings.featureSelection) = (side, .full)
        let assembly = try ModelAssembly(
            settings, language: nil, vision: tower,
            tokenizer: ModelAssemblyTests.tokenizer(in: folder, hasImage: true))
        let written = folder.appendingPathComponent("model-\(side)")
        try FileManager.default.createDirectory(at: written, withIntermediateDirectories: true)
        try assembly.write(into: written)
        return try LlavaModel(folder: written, trainable: [.vision])
    }

    private func golden(_ tower: URL) throws -> (file: SafeTensorsFile, sides: [Int]) {
        let file = try SafeTensorsFile(tower.appendingPathComponent("features.safetensors"))
        return (file, Set(file.entries.compactMap { Int($0.name.split(separator: "/")[0]) }).sorted())
    }

    @Test func featuresAndGradientsAgreeAtEverySize() throws {
        for tower in Fixtures.cases("towers", with: "features.safetensors") {
            let (file, sides) = try golden(tower)
            #expect(!Fixtures.isOwn(tower) || sides == [28, 56, 84])
            for side in sides {
                try withTemporaryFolder { folder in
                    let model = try model(tower, side: side, in: folder)
                    let planes = try Golden.tensor(file, "\(side)/pixels")
                    let features = try model.visionFeatures(patches: model.patches(planes: planes))
                    let expected = try file.floats("\(side)/features")
                    #expect(features.data.count == expected.count)
                    #expect(
                        largestDifference(features.data.values, expected) < 2e-4,
                        "\(tower.lastPathComponent) at \(side)")
                    let probe = try Golden.tensor(file, "\(side)/probe").reshaped([
                        features.rows, features.width,
                    ])
                    features.backward(probe)
                    try compareGradients(model, file, side)
                }
            }
        }
    }

    private func compareGradients(_ model: LlavaModel, _ file: SafeTensorsFile, _ side: Int) throws {
        let prefix = "\(side)/gradient/"
        let names = file.entries.map(\.name).filter { $0.hasPrefix(prefix) }
        for name in names {
            let weight = "model.vision_tower.\(name.dropFirst(prefix.count))"
            let parameter = try #require(
                model.parameters(of: [.vision]).first { $0.name == weight }, "\(weight)")
            let found = try #require(parameter.value.gradient, "\(weight)")
            let expected = try file.floats(name)
            let largest = expected.map(abs).max() ?? 0
            #expect(found.count == expected.count)
            // A bias of keys has no gradient but rounding's.
            #expect(
                largestDifference(found.values, expected) <= max(1e-4 * largest, 2e-5), "\(side) \(weight)")
        }
    }

    @Test func picturesAreCutAsTheTowersOwnProcessorDoes() throws {
        for tower in Fixtures.cases("towers", with: "features.safetensors") {
            let (file, _) = try golden(tower)
            let url = tower.appendingPathComponent("preprocessor_config.json")
            let processor = try ImageProcessor(configuration: Data(contentsOf: url), file: url.path)
            for name in file.entries.map(\.name).filter({ $0.hasPrefix("picture/") }) {
                let picture = Fixtures.repository.appendingPathComponent(
                    "Tests/Fixtures/images/\(name.dropFirst("picture/".count))")
                let pixels = processor.process(
                    try decodeImage([UInt8](Data(contentsOf: picture)), name: name))
                let found = Tensor(uninitialized: [3, processor.size, processor.size])
                pixels.withUnsafeBufferPointer { buffer in
                    if let start = buffer.baseAddress { processor.normalise(start, into: found.pointer) }
                }
                #expect(largestDifference(found.values, try file.floats(name)) < 1e-5)
            }
        }
    }

    @Test func aTowerOfOneSizeRefusesAnother() throws {
        let student = try #require(Fixtures.cases("models").first { $0.lastPathComponent == "qwen2_siglip" })
            .appendingPathComponent("student")
        var settings = AssemblySettings()
        settings.imageSize = 84
        try withTemporaryFolder { folder in
            let tokenizer = try ModelAssemblyTests.tokenizer(in: folder, hasImage: true)
            #expect(
                throws: FilesError.badField(
                    place: "recipe", field: "image_size", found: "84",
                    expected: "config.json's image_size, 56")
            ) { _ = try ModelAssembly(settings, language: nil, vision: student, tokenizer: tokenizer) }
        }
    }
}
