import Files
import Foundation
import Images
import TestSupport
import Testing

/// GIF, BMP, TIFF, animated WebP, and orientations wherever they stand, against Pillow: the pictures of
/// Tests/Fixtures/formats.
@Suite struct FormatTests {
    private static let members: [String: [UInt8]] = {
        var found: [String: [UInt8]] = [:]
        let archive = Fixtures.repository.appendingPathComponent("Tests/Fixtures/formats/pictures.tar.xz")
        try? Archive.forEachMember(of: archive) { name, read in
            found[name] = try read()
            return true
        }
        return found
    }()
    private static let pictures = members.keys.filter { !$0.hasSuffix(".ppm") }.sorted()
    private static let readByPillow = pictures.filter { members[$0 + ".ppm"] != nil }

    /// Numbers that are no levels, and colours that need a profile: Pillow clips the first at 255.
    private static let refused: [String: String] = [
        "float.tiff": "1 samples of 32 bits, format 3, photometric interpretation 1, are of no kind that is",
        "numbers.tiff": "1 samples of 32 bits, format 1", "signed16.tiff": "1 samples of 16 bits, format 2",
        "lab.tiff": "3 samples of 8 bits, format 1, photometric interpretation 8",
        "multiplied_grey.tiff": "2 samples, 1 of them extra, of 8 bits",
        "odd_masks.bmp": "the masks 3ff00000 ffc00 3ff 0 of its 32 bits are not read",
        "runs_end_early.bmp": "cut short", "two_bits.bmp": "pixels of 2 bits are not read",
        "png_inside.bmp": "pixels of 0 bits are not read", "no_end.jpg": "cut short",
        "progressive_zeros.jpg": "cut short",
    ]

    private func image(_ name: String) throws -> RGBImage? {
        guard let bytes = Self.members[name] else { return nil }
        let head = try #require(
            String(decoding: bytes.prefix(20), as: UTF8.self).prefixMatch(of: #/P6\s(\d+) (\d+)\s255\s/#))
        return RGBImage(
            width: try #require(Int(head.output.1)), height: try #require(Int(head.output.2)),
            pixels: Array(bytes.dropFirst(head.output.0.utf8.count)))
    }

    @Test func allAreThere() { #expect(Self.pictures.count == 143 && Self.readByPillow.count == 136) }

    /// Lossless ones are the same to the last level; so is JPEG within TIFF, and libtiff's luma and chroma.
    @Test(arguments: readByPillow.filter { refused[$0] == nil })
    func isAsPillowShowsIt(_ name: String) throws {
        let expected = try #require(try image(name + ".ppm"))
        let found = try decodeImage(try #require(Self.members[name]), name: "named.jpg")
        #expect((found.width, found.height) == (expected.width, expected.height))
        #expect(Difference(found.pixels, expected.pixels).largest == 0)
    }

    /// Upon (10, 200, 90). What Pillow has no alpha for has no clear parts here.
    @Test(arguments: readByPillow.filter { refused[$0] == nil })
    func aBackgroundShowsThroughAsInPillow(_ name: String) throws {
        let expected = try image(name + ".upon.ppm")
        let found = try decodeTransparentImage(
            try #require(Self.members[name]), name: name, background: [10, 200, 90])
        #expect(found.isTransparent == (expected != nil))
        let plain = try #require(try image(name + ".ppm"))
        #expect(Difference(found.image.pixels, (expected ?? plain).pixels).largest == 0)
    }

    @Test(arguments: refused.keys.sorted())
    func whatIsNotReadIsRefusedByName(_ name: String) throws {
        let bytes = try #require(Self.members[name])
        let text = thrownText { _ = try decodeImage(bytes, name: "a.jpg") }
        let format = name.hasSuffix("bmp") ? "BMP" : name.hasSuffix("jpg") ? "JPEG" : "TIFF"
        #expect(text.hasPrefix("a.jpg: this \(format) image"))
        #expect(try text.contains(#require(Self.refused[name])), "\(text)")
    }

    /// Any cut is a thrown error or the whole picture: some files end with what is not needed. (Not so one
    /// whose orientation stands behind the pixels.)
    @Test(arguments: pictures.filter { $0 != "turn_late_exif.png" })
    func everyCutIsAnErrorOrTheWholePicture(_ name: String) throws {
        let bytes = try #require(Self.members[name])
        let whole = try? decodeImage(bytes, name: "whole")
        for keep in 0..<bytes.count {
            do {
                let cut = try decodeImage(Array(bytes.prefix(keep)), name: "cut")
                let isWhole = cut == whole
                #expect(isWhole, "\(keep) of \(bytes.count) bytes")
            } catch is ImageError {}
        }
    }

    @Test(arguments: pictures)
    func damagedFilesNeverCrash(_ name: String) throws {
        let bytes = try #require(Self.members[name])
        var state: UInt64 = 1
        for _ in 0..<300 {
            var damaged = bytes
            for _ in 0..<3 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                damaged[Int(state >> 33) % damaged.count] = UInt8(truncatingIfNeeded: state >> 56)
            }
            do { _ = try decodeImage(damaged, name: "damaged") } catch is ImageError {}
        }
    }

    @Test func absurdSizesAreRefusedBeforeMemoryIsTaken() throws {
        var gif = try #require(Self.members["plain.gif"])
        gif.replaceSubrange(6..<10, with: [0xFF, 0xFF, 0xFF, 0xFF])
        #expect(throws: ImageError.tooLarge(image: "a", width: 65535, height: 65535)) {
            try decodeImage(gif, name: "a")
        }
        var bmp = try #require(Self.members["rgb.bmp"])
        bmp.replaceSubrange(18..<26, with: [0, 0, 1, 0, 0, 0, 1, 0])
        #expect(throws: ImageError.tooLarge(image: "a", width: 65536, height: 65536)) {
            try decodeImage(bmp, name: "a")
        }
        var tiff = try #require(Self.members["motorola.tiff"])  // its first two entries are the sides
        tiff.replaceSubrange(18..<20, with: [0xFF, 0xFF])
        tiff.replaceSubrange(30..<32, with: [0xFF, 0xFF])
        #expect(throws: ImageError.tooLarge(image: "a", width: 65535, height: 65535)) {
            try decodeImage(tiff, name: "a")
        }
    }

    /// A tile of 16 x 4,096 pixels shows one row; 1,000 of them beside each other would take 196 MB of
    /// decoding.
    @Test func tilesFarLargerThanThePictureAreRefused() throws {
        var tiff = try #require(Self.members["tiles.tiff"])
        func put(_ value: Int, field: Int) throws {
            let entries = (0..<Int(tiff[8])).map { 10 + 12 * $0 }
            let entry = try #require(
                entries.first { tiff[$0] == UInt8(field & 255) && tiff[$0 + 1] == UInt8(field >> 8) })
            tiff.replaceSubrange(
                entry + 8..<entry + 12, with: [UInt8(value & 255), UInt8(value >> 8), 0, 0])
        }
        try put(16_000, field: 256)
        try put(1, field: 257)
        try put(4_096, field: 323)
        let text = thrownText { _ = try decodeImage(tiff, name: "a") }
        #expect(text.contains("its strips or tiles are far larger than the picture"), "\(text)")
    }
}
