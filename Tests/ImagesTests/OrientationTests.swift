import Foundation
import Images
import Testing

@Suite struct OrientationTests {
    //  1 2 3
    //  4 5 6
    private let stored = RGBImage(width: 3, height: 2, pixels: (1...6).flatMap { [$0, $0 + 10, $0 + 20] })

    /// By hand from the EXIF standard: where row 0 and column 0 of the stored picture are meant to be seen.
    private static let upright: [(Orientation, width: Int, reds: [UInt8])] = [
        (.upright, 3, [1, 2, 3, 4, 5, 6]),
        (.mirrored, 3, [3, 2, 1, 6, 5, 4]),
        (.turnedHalf, 3, [6, 5, 4, 3, 2, 1]),
        (.flipped, 3, [4, 5, 6, 1, 2, 3]),
        (.transposed, 2, [1, 4, 2, 5, 3, 6]),
        (.turnClockwise, 2, [4, 1, 5, 2, 6, 3]),
        (.transversed, 2, [6, 3, 5, 2, 4, 1]),
        (.turnCounterclockwise, 2, [3, 6, 2, 5, 1, 4]),
    ]

    @Test func allEightTurnsAreAsTheStandardSays() {
        #expect(Self.upright.map(\.0) == Orientation.allCases)
        for (orientation, width, reds) in Self.upright {
            let turned = stored.turned(orientation)
            #expect(turned.width == width)
            #expect(turned.pixels == reds.flatMap { [$0, $0 + 10, $0 + 20] }, "\(orientation)")
        }
    }

    private func exif(_ value: UInt8, littleEndian: Bool) -> [UInt8] {
        littleEndian
            ? [
                0x49, 0x49, 0x2A, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, value, 0, 0, 0, 0, 0, 0,
                0,
            ]
            : [
                0x4D, 0x4D, 0, 0x2A, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, value, 0, 0, 0, 0, 0,
                0,
            ]
    }

    /// A JPEG with an EXIF segment put directly behind its start.
    private func jpeg(_ block: [UInt8]) throws -> [UInt8] {
        let plain = try RGBImage(width: 24, height: 16, colour: (9, 99, 199)).jpegBytes()
        let body = Array("Exif".utf8) + [0, 0] + block
        let segment: [UInt8] =
            [0xFF, 0xE1, UInt8((body.count + 2) >> 8), UInt8((body.count + 2) & 255)] + body
        return Array(plain.prefix(2)) + segment + plain.dropFirst(2)
    }

    @Test(arguments: [false, true]) func theTagIsReadInBothByteOrders(_ littleEndian: Bool) throws {
        for value in UInt8(1)...8 {
            let image = try decodeImage(jpeg(exif(value, littleEndian: littleEndian)), name: "e")
            #expect(image.width == (value < 5 ? 24 : 16))
        }
    }

    @Test func valuesOutsideTheStandardAndDamagedBlocksCountAsUpright() throws {
        var blocks: [[UInt8]] = [
            exif(0, littleEndian: true), exif(9, littleEndian: false), [], [0x49, 0x49],
        ]
        let whole = exif(6, littleEndian: true)
        blocks += (0..<18).map { Array(whole.prefix($0)) }  // every cut before the value
        var far = whole
        far.replaceSubrange(4..<8, with: [0xF0, 0xFF, 0xFF, 0xFF])  // the directory far beyond the end
        blocks.append(far)
        var many = whole
        many.replaceSubrange(8..<12, with: [0xFF, 0xFF, 0, 0])  // 65,535 entries, none there
        blocks.append(many)
        for block in blocks { #expect(try decodeImage(jpeg(block), name: "e").width == 24) }
    }

    @Test func pngCarriesItsTagInAChunk() throws {
        let plain = try RGBImage(width: 5, height: 3, colour: (1, 2, 3)).pngBytes()
        let block = exif(8, littleEndian: false)
        // behind the header chunk (8 + 25 bytes); libpng ignores a wrong checksum of an ancillary chunk, as
        // we do
        let chunk: [UInt8] = [0, 0, 0, UInt8(block.count)] + Array("eXIf".utf8) + block + [0, 0, 0, 0]
        let image = try decodeImage(Array(plain.prefix(33)) + chunk + plain.dropFirst(33), name: "e")
        #expect((image.width, image.height) == (3, 5))
    }

    @Test func theRotatedFixtureIsTheUnrotatedOneTurned() throws {
        let fixture = try Fixture.named("exif_rotated.jpg")
        let asStored = try fixture.golden.image("rgb_without_exif")
        #expect(try decodeImage(fixture.bytes, name: "e") == asStored.turned(.turnClockwise))
    }
}
