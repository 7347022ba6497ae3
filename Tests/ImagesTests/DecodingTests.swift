import CWebP
import Foundation
import Images
import TestSupport
import Testing

@Suite struct DecodingTests {
    @Test func ourOwnFixturesAreThere() {
        #expect(Fixture.all.filter { Fixtures.isOwn($0.file) }.count == 18)
    }

    /// Every file, JPEG too, decodes to the golden samples exactly: libjpeg-turbo's integer inverse DCT and
    /// its smooth up-sampling have not changed between the version behind the goldens (Pillow 13) and
    /// Debian's. 16-bit grey keeps the high byte, which the fixtures' README allows.
    @Test(arguments: Fixture.all)
    func decodesToTheGoldenPixels(_ fixture: Fixture) throws {
        let golden = try fixture.golden
        let expected = try golden.image(fixture.tensors.contains("rgb_high_byte") ? "rgb_high_byte" : "rgb")
        let found = try decodeImage(fixture.bytes, name: fixture.name)
        #expect((found.width, found.height) == (expected.width, expected.height))
        #expect(Difference(found.pixels, expected.pixels).largest == 0)
    }

    /// Alpha of every kind: RGBA, LA, a palette's.
    @Test(arguments: Fixture.all.filter { $0.tensors.contains("rgb_on_white") })
    func aBackgroundShowsThroughAsInPillow(_ fixture: Fixture) throws {
        let found = try decodeTransparentImage(
            fixture.bytes, name: fixture.name, background: [255, 255, 255])
        #expect(try found.isTransparent && found.image == fixture.golden.image("rgb_on_white"))
        let dropped = try decodeTransparentImage(fixture.bytes, name: fixture.name)
        #expect(try dropped.isTransparent && dropped.image == fixture.golden.image("rgb"))
    }

    @Test(arguments: Fixture.all.filter { !$0.tensors.contains("rgb_on_white") })
    func aPictureWithoutClearPartsHasNoBackground(_ fixture: Fixture) throws {
        let found = try decodeTransparentImage(fixture.bytes, name: fixture.name, background: [9, 8, 7])
        #expect(try !found.isTransparent && found.image == decodeImage(fixture.bytes, name: fixture.name))
    }

    /// One colour that is clear, of RGB and of grey: written by Pillow 13.0.0 (`transparency=`), and the
    /// samples of its `alpha_composite` upon (1, 2, 3).
    @Test(
        arguments: [
            (
                "iVBORw0KGgoAAAANSUhEUgAAAAMAAAABCAIAAACUgoPjAAAABnRSTlMACgAUAB7FNin/AAAAEklEQVR4nGPgEpE7"
                    + "kWLEJSIPAAmnAdgcl1UUAAAAAElFTkSuQmCC", [1, 2, 3, 200, 100, 50, 10, 20, 31]
            ),
            (
                "iVBORw0KGgoAAAANSUhEUgAAAAMAAAABCAAAAAA+i0toAAAAAnRSTlMACHhIRQoAAAAMSURBVHicY2RnZAQAACAA"
                    + "CxFxAWcAAAAASUVORK5CYII=", [7, 7, 7, 1, 2, 3, 9, 9, 9]
            ),
        ] as [(String, [UInt8])])
    func aClearColourIsTransparent(file: String, samples: [UInt8]) throws {
        let bytes = [UInt8](try #require(Data(base64Encoded: file)))
        let found = try decodeTransparentImage(bytes, name: "clear.png", background: [1, 2, 3])
        #expect(found.isTransparent && found.image.pixels == samples)
    }

    @Test func formatIsToldByTheBytesNotTheName() throws {
        let png = try Fixture.named("tiny.png")
        #expect(try decodeImage(png.bytes, name: "tiny.jpg").width == 3)
    }

    // MARK: WebP

    private func webp(_ image: RGBImage, alpha: UInt8? = nil, quality: Float? = nil) -> [UInt8] {
        var out: UnsafeMutablePointer<UInt8>?
        let (w, h) = (Int32(image.width), Int32(image.height))
        let count: Int
        if let alpha {
            let samples = (0..<image.width * image.height).flatMap {
                Array(image.pixels[3 * $0..<3 * $0 + 3]) + [alpha]
            }
            count = WebPEncodeRGBA(samples, w, h, 4 * w, quality ?? 100, &out)
        } else if let quality {
            count = WebPEncodeRGB(image.pixels, w, h, 3 * w, quality, &out)
        } else {
            count = WebPEncodeLosslessRGB(image.pixels, w, h, 3 * w, &out)
        }
        defer { WebPFree(out) }
        return Array(UnsafeBufferPointer(start: out, count: count))
    }

    /// 200 · 77/255 + 10 · 178/255 = 67.37, and so on, rounded.
    @Test func aClearWebPIsLaidOnItsBackground() throws {
        let image = RGBImage(width: 2, height: 3, colour: (red: 200, green: 30, blue: 0))
        var out: UnsafeMutablePointer<UInt8>?
        let samples: [UInt8] = (0..<6).flatMap { _ in [200, 30, 0, 77] as [UInt8] }
        let count = WebPEncodeLosslessRGBA(samples, 2, 3, 8, &out)
        defer { WebPFree(out) }
        let bytes = Array(UnsafeBufferPointer(start: out, count: count))
        let found = try decodeTransparentImage(bytes, name: "w", background: [10, 255, 100])
        #expect(found.isTransparent)
        #expect(found.image == RGBImage(width: 2, height: 3, colour: (red: 67, green: 187, blue: 70)))
        #expect(try decodeImage(bytes, name: "w") == image)
    }

    @Test func losslessWebPComesBackExactly() throws {
        let image = try Fixture.named("photo_444.jpg").golden.image("rgb")
        #expect(try decodeImage(webp(image), name: "w") == image)
    }

    @Test func lossyWebPComesBackNearAndAlphaIsDropped() throws {
        let image = try Fixture.named("photo_420.jpg").golden.image("rgb")
        // quality 90 on a noisy picture; the encoder's chroma depends on alpha, so the two are near each
        // other, not equal
        for alpha in [nil, 77] as [UInt8?] {
            let back = try decodeImage(webp(image, alpha: alpha, quality: 90), name: "w")
            let mean =
                zip(back.pixels, image.pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
                / image.pixels.count
            #expect((back.width, back.height) == (image.width, image.height))
            #expect(mean <= 6)
        }
    }

    // MARK: bad input

    @Test func zeroBytesAreRefused() {
        #expect(throws: ImageError.empty(image: "a.jpg")) { try decodeImage([], name: "a.jpg") }
    }

    @Test func unknownFormatsShowTheirFirstBytes() {
        let page = Array("<!DOCTYPE html>".utf8)
        #expect(throws: ImageError.unknownFormat(image: "a.jpg", firstBytes: Array(page.prefix(12)))) {
            try decodeImage(page, name: "a.jpg")
        }
        #expect("\(ImageError.unknownFormat(image: "a.jpg", firstBytes: [0x47, 0x09]))".contains("47 09,"))
        let texts = [("<!DOCTYPE html>", "a web page or XML"), ("\0\0\0\u{20}ftypavif", "AVIF or HEIC")]
        for (start, name) in texts {
            let text = thrownText { _ = try decodeImage(Array(start.utf8), name: "a.jpg") }
            #expect(
                text.contains(" (\(name)), which is none of JPEG, PNG, WebP, GIF, BMP and TIFF"), "\(text)")
        }
    }

    @Test(arguments: ["photo_420.jpg", "progressive.jpg", "gray.jpg", "cmyk.jpg", "photo_422_restart.jpg"])
    func truncatedJPEGsAreRefusedWithTheirByteCount(_ name: String) throws {
        let bytes = try Fixture.named(name).bytes
        for keep in [bytes.count / 2, bytes.count * 9 / 10, bytes.count - 2] {
            #expect(throws: ImageError.truncated(image: name, format: "JPEG", bytes: keep)) {
                try decodeImage(Array(bytes.prefix(keep)), name: name)
            }
        }
    }

    /// Any cut of any file is a thrown error or a whole picture, never a crash. (A PNG or a WebP is whole
    /// before its last bytes.)
    @Test(arguments: Fixture.all)
    func everyCutIsAnErrorOrTheWholePicture(_ fixture: Fixture) throws {
        let bytes = try fixture.bytes
        let whole = try decodeImage(bytes, name: "whole")
        for keep in Set((0..<40).map { $0 * bytes.count / 40 } + Array(0..<min(64, bytes.count))) {
            do {
                #expect(try decodeImage(Array(bytes.prefix(keep)), name: "cut") == whole)
            } catch is ImageError {}
        }
    }

    /// Flipped bytes: a thrown `ImageError` or some picture.
    @Test(arguments: Fixture.all)
    func damagedFilesNeverCrash(_ fixture: Fixture) throws {
        let bytes = try fixture.bytes
        var state: UInt64 = 1
        for _ in 0..<200 {
            var damaged = bytes
            for _ in 0..<4 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                damaged[Int(state >> 33) % damaged.count] = UInt8(truncatingIfNeeded: state >> 56)
            }
            do { _ = try decodeImage(damaged, name: "damaged") } catch is ImageError {}
        }
    }

    @Test func damagedPixelsOfPNGAreRefused() throws {
        var bytes = try Fixture.named("strip.png").bytes
        bytes[bytes.count / 2] ^= 0xFF
        #expect { try decodeImage(bytes, name: "strip.png") } throws: { error in
            guard case ImageError.broken("strip.png", "PNG", bytes.count, _) = error else { return false }
            return true
        }
    }

    @Test func absurdSizesAreRefusedBeforeMemoryIsTaken() throws {
        var png = try Fixture.named("tiny.png").bytes
        png.replaceSubrange(16..<24, with: [0, 1, 0, 0, 0, 1, 0, 0])  // 65,536 x 65,536
        #expect(throws: ImageError.tooLarge(image: "b", width: 65536, height: 65536)) {
            try decodeImage(png, name: "b")
        }
        png.replaceSubrange(16..<24, with: [0, 5, 0, 0, 0, 0, 0, 1])  // a strip of 327,680 x 1
        #expect(throws: ImageError.tooLarge(image: "b", width: 327_680, height: 1)) {
            try decodeImage(png, name: "b")
        }
        var jpeg = try Fixture.named("gray.jpg").bytes
        let frame = try #require(jpeg.indices.dropLast().first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 })
        jpeg.replaceSubrange(frame + 5..<frame + 9, with: [0xFF, 0x00, 0xFF, 0x00])
        #expect(throws: ImageError.tooLarge(image: "b", width: 65280, height: 65280)) {
            try decodeImage(jpeg, name: "b")
        }
    }

    @Test(.enabled(if: Fixtures.real("coco-by/images") != nil)) func photographsOfTheRealSetsDecode() throws {
        let folder = try #require(Fixtures.real("coco-by/images"))
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        #expect(files.count >= 100)
        for file in files.prefix(20) {
            let image = try decodeImage([UInt8](Data(contentsOf: file)), name: file.lastPathComponent)
            #expect(image.width * image.height > 100_000)
        }
    }
}
