import Files
import Foundation
import Images
import TestSupport
import Testing

@Suite struct ImageProcessorConfigurationTests {
    private let siglip: [String: Any] = [
        "image_processor_type": "SiglipImageProcessor", "do_resize": true, "do_rescale": true,
        "do_normalize": true,
        "resample": 3, "rescale_factor": 0.00392156862745098, "size": ["height": 56, "width": 56],
        "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5],
    ]
    private let clip: [String: Any] = [
        "feature_extractor_type": "CLIPFeatureExtractor", "size": 336, "crop_size": 336,
        "do_center_crop": true, "resample": 3,
        "image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711],
    ]

    private func read(_ fields: [String: Any], aspect: ImageProcessor.Aspect? = nil) throws -> ImageProcessor
    {
        let data = try JSONSerialization.data(withJSONObject: fields)
        return try ImageProcessor(configuration: data, file: "preprocessor_config.json", aspect: aspect)
    }

    @Test func readsBothFamiliesOldAndNew() throws {
        #expect(try read(siglip) == ImageProcessor(kind: .siglip, size: 56))
        #expect(try read(clip) == ImageProcessor(kind: .clip, size: 336))
        let new = clip.merging([
            "size": ["shortest_edge": 56], "crop_size": ["height": 56, "width": 56],
            "image_processor_type": "CLIPImageProcessorFast",
        ]) { $1 }
        #expect(try read(new, aspect: .pad) == ImageProcessor(kind: .clip, size: 56, aspect: .pad))
    }

    @Test func theFixtureCheckpointsAreRead() throws {
        let files = Fixtures.cases("models").map {
            $0.appendingPathComponent("teacher/preprocessor_config.json")
        }
        .filter { FileManager.default.fileExists(atPath: $0.path) }
        #expect(files.filter { Fixtures.isOwn($0) }.count == 3)
        for file in files {
            let processor = try ImageProcessor(configuration: Data(contentsOf: file), file: file.path)
            let config = try JSONValue(
                parsing: [UInt8](
                    Data(contentsOf: file.deletingLastPathComponent().appendingPathComponent("config.json"))))
            #expect(processor.size == config["vision_config"]?["image_size"]?.int)
        }
    }

    @Test func whatIsWrittenReadsBackEqual() throws {
        for kind in ImageProcessor.Kind.allCases {
            let processor = try ImageProcessor(kind: kind, size: 48, mean: [0.25, 0.5, 0.125])
            #expect(try ImageProcessor(configuration: processor.configuration(), file: "p") == processor)
        }
    }

    private static let refused: [(field: String, value: any Sendable)] = [
        ("do_resize", false), ("do_rescale", false), ("do_normalize", false), ("do_normalize", 1),
        ("do_pad", true), ("resample", 2),
        ("rescale_factor", 0.5), ("size", ["height": 56, "width": 57]), ("size", "56"), ("size", 0),
        ("size", true),
        ("image_mean", [0.5, 0.5]), ("image_mean", ["a", "b", "c"]), ("image_std", [0.5, 0.5, 0]),
        ("image_processor_type", "ViTImageProcessor"), ("do_center_crop", true),
    ]

    @Test func settingsThatWouldChangeTheNumbersAreRefusedByName() throws {
        for (field, value) in Self.refused {
            #expect("\(field)") { try read(siglip.merging([field: value]) { $1 }) } throws: { error in
                guard case FilesError.badField("preprocessor_config.json", field, _, _) = error else {
                    return false
                }
                return true
            }
        }
        for (field, value, found, expected) in [
            ("crop_size", 400, "400", "at most the 336 of 'size'"), ("resample", 2, "2", "3 (bicubic)"),
        ] {
            #expect(
                throws: FilesError.badField(
                    place: "preprocessor_config.json", field: field, found: found, expected: expected)
            ) { try read(clip.merging([field: value]) { $1 }) }
        }
    }

    /// transformers resizes to height and width, and a cut as large as that changes nothing.
    @Test(arguments: ["CLIPImageProcessor", "BitImageProcessor", "LlavaImageProcessor"])
    func heightAndWidthAreWhatAPictureIsStretchedTo(name: String) throws {
        for cut in [true, nil] {
            var fields = clip.filter { !$0.key.hasPrefix("feature") && $0.key != "do_center_crop" }
            fields["image_processor_type"] = name
            fields["size"] = ["height": 56, "width": 56]
            fields["crop_size"] = ["height": 56, "width": 56]
            if let cut { fields["do_center_crop"] = cut }
            let found = try read(fields)
            #expect(found.aspect == .square && found.shortestEdge == nil && found.size == 56)
        }
    }

    @Test func processorsOfOtherModelsWithLikeNamesAreRefused() throws {
        for name in [
            "Siglip2ImageProcessor", "LlavaNextImageProcessor", "LlavaOnevisionImageProcessor",
            "CLIPSegImageProcessor", "ClipProcessorX",
        ] {
            #expect("\(name)") { try read(siglip.merging(["image_processor_type": name]) { $1 }) } throws: {
                "\($0)".contains(name) && "\($0)".contains("expected SiglipImageProcessor")
            }
        }
        for name in ["SiglipImageProcessorFast", "SiglipImageProcessorPil", "SiglipProcessor"] {
            #expect(
                try read(siglip.merging(["image_processor_type": name]) { $1 })
                    == ImageProcessor(kind: .siglip, size: 56))
        }
        #expect { try read(siglip.merging(["size": ["shortest_edge": 56]]) { $1 }) } throws: {
            "\($0)".contains("'size' is the shortest edge, expected height and width for SigLIP")
        }
    }

    @Test func aCutMayBeSmallerThanTheResizedSide() throws {
        let cut = try read(clip.merging(["crop_size": 224]) { $1 })
        #expect(cut == (try ImageProcessor(kind: .clip, size: 224, shortestEdge: 336)))
        #expect(try ImageProcessor(configuration: cut.configuration(), file: "p") == cut)
        #expect(try cut.resized(to: 112).shortestEdge == 168)
    }

    @Test func paddedPicturesAreLlavasProcessor() throws {
        let padded = try ImageProcessor(kind: .siglip, size: 56, aspect: .pad)
        let written = try JSONValue(parsing: [UInt8](padded.configuration()))
        #expect(written["image_processor_type"] == "LlavaImageProcessor")
        #expect(written["do_pad"] == true && written["do_center_crop"] == false)
        let again = try ImageProcessor(
            configuration: padded.configuration(), file: "p", aspect: .pad, padding: .siglip)
        #expect(again == padded)
        #expect(
            throws: FilesError.badField(
                place: "p", field: "do_pad", found: "true",
                expected: "false, as image_aspect_ratio is 'square'")
        ) { try ImageProcessor(configuration: padded.configuration(), file: "p", aspect: .square) }
    }

    /// What a shortened file leaves out is as in the processor's class, whatever the tower.
    @Test func absentFieldsAreThoseOfTheClass() throws {
        let llava: [String: any Sendable] = [
            "image_processor_type": "LlavaImageProcessor", "size": ["shortest_edge": 336],
        ]
        let bytes = try JSONSerialization.data(withJSONObject: llava)
        let found = try ImageProcessor(configuration: bytes, file: "p", padding: .siglip)
        let clip = try ImageProcessor(kind: .clip, size: 224, shortestEdge: 336)
        #expect(found.kind == .siglip && found.aspect == .clip && found.shortestEdge == 336)
        #expect(found.size == 224 && found.mean == clip.mean)
        #expect(found.standardDeviation == clip.standardDeviation)
    }

    @Test func missingSizeAndBrokenJSONAreNamed() {
        #expect(
            thrownText { _ = try read(siglip.filter { $0.key != "size" }) }
                == "preprocessor_config.json: 'size' is missing, expected a number of pixels, or a "
                + "square height and width"
        )
        #expect(
            thrownText { _ = try ImageProcessor(configuration: Data("{".utf8), file: "p") }
                == "p: not valid JSON (line 1, byte 1: the text ends in the middle of a value (was the "
                + "file cut off?)), expected a key in quotes"
        )
        #expect(
            thrownText { _ = try ImageProcessor(configuration: Data("[]".utf8), file: "p") }
                == "p: is [], expected an object")
    }
}
