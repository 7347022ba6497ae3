import Images
import Testing

@Suite struct EncodingTests {
    @Test func pngComesBackExactly() throws {
        let image = CanvasTests.noise(width: 45, height: 31, seed: 8)
        for level in [0, 1, 6, 9] {
            #expect(try decodeImage(image.pngBytes(compressionLevel: level), name: "p") == image)
        }
    }

    @Test func jpegComesBackNear() throws {
        let image = try Fixture.named("photo_420.jpg").golden.image("rgb")
        let back = try decodeImage(image.jpegBytes(quality: 95), name: "j")
        let errors = zip(back.pixels, image.pixels).map { abs(Int($0) - Int($1)) }
        #expect((back.width, back.height) == (image.width, image.height))
        #expect(errors.reduce(0, +) / errors.count <= 3)
        #expect(try image.jpegBytes(quality: 30).count < image.jpegBytes(quality: 95).count)
    }

    @Test func theSamePictureGivesTheSameBytes() throws {
        let image = CanvasTests.noise(width: 20, height: 20, seed: 9)
        #expect(try image.pngBytes() == image.pngBytes())
        #expect(try image.jpegBytes() == image.jpegBytes())
    }

    @Test func sidesBeyondTheFormatAreAnError() {
        let wide = RGBImage(width: 70_000, height: 1, colour: (0, 0, 0))
        #expect(throws: ImageError.self) { try wide.jpegBytes() }
    }
}
