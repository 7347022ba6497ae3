import Files
import Foundation
import Images
import Testing

@Suite struct ImageProcessorTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let fixture: Fixture
        let tensor: String
        let processor: ImageProcessor
        var testDescription: String { "\(fixture.testDescription) \(tensor)" }
    }

    /// Every golden named [pad_](siglip|clip)_SIZE of every fixture.
    static let cases: [Case] = Fixture.all.flatMap { fixture in
        fixture.tensors.compactMap { tensor -> Case? in
            let parts = tensor.split(separator: "_").map(String.init)
            let padded = parts.first == "pad"
            let rest = padded ? Array(parts.dropFirst()) : parts
            guard rest.count == 2, let kind = ImageProcessor.Kind(rawValue: rest[0]), let size = Int(rest[1]),
                let processor = try? ImageProcessor(kind: kind, size: size, aspect: padded ? .pad : nil)
            else { return nil }
            return Case(fixture: fixture, tensor: tensor, processor: processor)
        }
    }

    @Test func everyFixtureHasItsFourGoldens() { #expect(Self.cases.count >= 4 * Fixture.all.count) }

    /// Resizing, padding and cutting are exact: no sample of any golden is off by even 1.
    @Test(arguments: cases)
    func preparesTheGoldenPixelsExactly(_ test: Case) throws {
        let golden = try test.fixture.golden
        let found = test.processor.process(try golden.image("rgb"))
        let difference = Difference(found, try golden.bytes(test.tensor))
        #expect(difference.largest == 0, "\(difference.share) of the samples differ")
    }

    /// From the file's own bytes. (16-bit grey is decoded by its high byte, so its goldens do not apply.)
    @Test(arguments: cases.filter { $0.fixture.name != "gray16.png" })
    func preparesAFileExactly(_ test: Case) throws {
        let found = test.processor.process(try decodeImage(test.fixture.bytes, name: test.fixture.name))
        #expect(Difference(found, try test.fixture.golden.bytes(test.tensor)).largest == 0)
    }

    @Test func sixteenBitGreyKeepsItsHighByteThroughPreparation() throws {
        let fixture = try Fixture.named("gray16.png")
        let found = try ImageProcessor(kind: .siglip, size: 56).process(decodeImage(fixture.bytes, name: "g"))
        #expect(Difference(found, try fixture.golden.bytes("siglip_56_high_byte")).largest == 0)
    }

    @Test(
        arguments: Fixture.all.flatMap { f in
            f.tensors.filter { $0.hasSuffix("_pixel_values") }.map { (f, $0) }
        })
    func normalisesToTheGoldenPixelValues(_ fixture: Fixture, _ tensor: String) throws {
        let golden = try fixture.golden
        let kind: ImageProcessor.Kind = tensor.hasPrefix("siglip") ? .siglip : .clip
        let size = golden.shape(tensor)[1]
        let processor = try ImageProcessor(kind: kind, size: size)
        var found = [Float](repeating: .nan, count: 3 * size * size)
        processor.normalise(processor.process(try golden.image("rgb")), into: &found)
        let expected = try golden.floats(tensor)
        #expect(expected.count == found.count)
        let largest = zip(found, expected).map { abs($0 - $1) }.max() ?? .infinity
        #expect(largest < 1e-6)
    }

    @Test func patchesAreThePlanesCutUp() throws {
        let processor = try ImageProcessor(kind: .clip, size: 17)
        let pixels = CanvasTests.noise(width: 17, height: 17, seed: 5).pixels
        var planes = [Float](repeating: 0, count: 3 * 17 * 17)
        processor.normalise(pixels, into: &planes)
        let patch = 5
        let across = 3  // the last two rows and columns fill no patch
        var patches = [Float](repeating: .nan, count: across * across * 3 * patch * patch)
        processor.normalise(pixels, patch: patch, into: &patches)
        for p in 0..<across * across {
            for c in 0..<3 {
                for y in 0..<patch {
                    for x in 0..<patch {
                        let plane = planes[(c * 17 + p / across * patch + y) * 17 + p % across * patch + x]
                        #expect(patches[((p * 3 + c) * patch + y) * patch + x] == plane)
                    }
                }
            }
        }
    }

    @Test(arguments: [(31, 9), (9, 30), (64, 63), (1, 40), (40, 1)])
    func paddingEqualsResizingThePaintedCanvas(_ width: Int, _ height: Int) throws {
        let image = CanvasTests.noise(width: width, height: height, seed: 3)
        let processor = try ImageProcessor(kind: .clip, size: 23, aspect: .pad)
        let side = max(width, height)
        var canvas = RGBImage(width: side, height: side, colour: (122, 116, 104))
        for y in 0..<height {
            let at = ((y + (side - height) / 2) * side + (side - width) / 2) * 3
            canvas.pixels.replaceSubrange(
                at..<at + 3 * width, with: image.pixels[3 * width * y..<3 * width * (y + 1)])
        }
        #expect(processor.process(image) == canvas.resizedBicubic(width: 23, height: 23).pixels)
    }

    @Test func cuttingEqualsResizingWholeAndCutting() throws {
        let image = CanvasTests.noise(width: 61, height: 20, seed: 4)
        let whole = image.resizedBicubic(width: 14 * 61 / 20, height: 14)
        let left = (whole.width - 14) / 2
        var cut: [UInt8] = []
        for y in 0..<14 {
            let start = (y * whole.width + left) * 3
            cut += whole.pixels[start..<start + 42]
        }
        #expect(try ImageProcessor(kind: .clip, size: 14).process(image) == cut)
    }

    /// Only the part that is kept is computed: the whole resized picture would have 6 million columns.
    @Test func extremeStripsCostNoMoreThanTheirResult() throws {
        let strip = RGBImage(width: 20_000, height: 1, colour: (10, 20, 30))
        for aspect in ImageProcessor.Aspect.allCases {
            let found = try ImageProcessor(kind: .clip, size: 336, aspect: aspect).process(strip)
            #expect(found.count == 336 * 336 * 3)
        }
    }

    @Test(arguments: [0, -3, 100_000]) func sizesOutOfRangeAreRefused(_ size: Int) {
        #expect(
            throws: FilesError.badField(
                place: "image processor", field: "size", found: "\(size)", expected: "1 to 8192 pixels")
        ) {
            try ImageProcessor(kind: .siglip, size: size)
        }
    }

    @Test func badStatisticsAreRefused() {
        #expect(throws: FilesError.self) { try ImageProcessor(kind: .siglip, size: 4, mean: [0.5]) }
        #expect(throws: FilesError.self) { try ImageProcessor(kind: .siglip, size: 4, mean: [0.5, 2, 0.5]) }
        #expect(throws: FilesError.self) {
            try ImageProcessor(kind: .siglip, size: 4, standardDeviation: [0.5, 0, 0.5])
        }
    }

    @Test func survivesItsOwnJSON() throws {
        let processor = try ImageProcessor(kind: .clip, size: 30, aspect: .pad)
        #expect(
            try JSONDecoder().decode(ImageProcessor.self, from: JSONEncoder().encode(processor)) == processor)
    }
}
