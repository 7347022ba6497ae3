import Images
import Testing
import World

@Suite struct PictureTests {
    static func scenes(_ count: Int) throws -> [Scene] {
        try (0..<count).map { try SceneSampler(.small()).scene(.test, "picture", $0, signNeeded: true) }
    }

    static func picture(_ scene: Scene, side: Int, noise: Int, seed: UInt64 = 1) -> Picture {
        var stream = RandomStream(seed: seed, purpose: "picture")
        return Picture(scene, side: side, noise: noise, &stream)
    }

    static let palette: [(Color, [Double])] = [
        (.red, [220, 40, 40]), (.blue, [45, 75, 225]), (.green, [35, 165, 55]), (.yellow, [240, 215, 40]),
        (.pink, [240, 120, 200]), (.white, [250, 250, 250]),
    ]

    /// The palette's color nearest to a pixel.
    static func nearest(_ pixel: [Double]) -> Color {
        func distance(_ other: [Double]) -> Double {
            zip(pixel, other).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        }
        return palette.reduce(palette[0]) { distance($1.1) < distance($0.1) ? $1 : $0 }.0
    }

    /// What pack-shards will see: encoded, decoded, resized to 64 x 64.
    @Test(arguments: [64, 80, 96, 128]) func colorsSurviveTheFile(side: Int) throws {
        for (index, scene) in try Self.scenes(20).enumerated() {
            let picture = Self.picture(scene, side: side, noise: 5, seed: UInt64(index))
            let image = RGBImage(width: side, height: side, pixels: picture.pixels)
            let bytes = try image.jpegBytes(quality: 92)
            let seen = try decodeImage(bytes, name: "test.jpg").resizedBicubic(width: 64, height: 64)
            for item in scene.items where item.thing.shape == .circle || item.thing.shape == .square {
                let (x, y) = (item.cell.column * 16 + 8, item.cell.row * 16 + 8)
                let pixel = (0..<3).map { Double(seen.pixels[(y * 64 + x) * 3 + $0]) }
                #expect(Self.nearest(pixel) == item.thing.color, "\(item) at \(pixel)")
            }
        }
    }

    private static func freeCells(_ scene: Scene) -> [Cell] {
        Cell.all.filter { cell in scene.sign?.cell != cell && !scene.items.contains { $0.cell == cell } }
    }

    @Test func emptyCellsHoldTheBackground() throws {
        for scene in try Self.scenes(10) {
            let picture = Self.picture(scene, side: 64, noise: 0)
            let free = Self.freeCells(scene)
            let values = free.flatMap { cell in
                (0..<256).flatMap { at in
                    let pixel = (cell.row * 16 + at / 16) * 64 + cell.column * 16 + at % 16
                    return (0..<3).map { picture.pixels[pixel * 3 + $0] }
                }
            }
            #expect(Set(values).count == 1)
        }
    }

    /// A big shape covers more pixels than a small one of the same kind.
    @Test func itemsStayInTheirCell() throws {
        for scene in try Self.scenes(20) {
            let picture = Self.picture(scene, side: 64, noise: 0)
            let background = Int(
                Self.freeCells(scene).first.map { picture.pixels[($0.row * 16 * 64 + $0.column * 16) * 3] }
                    ?? 0)
            for item in scene.items {
                let drawn = (0..<256).filter { at in
                    let pixel = (item.cell.row * 16 + at / 16) * 64 + item.cell.column * 16 + at % 16
                    return (0..<3).contains { abs(Int(picture.pixels[pixel * 3 + $0]) - background) > 12 }
                }
                #expect(
                    item.size == .big ? drawn.count > 45 : (9..<80).contains(drawn.count),
                    "\(item): \(drawn.count)")
                // A border of a pixel stays free.
                #expect(
                    !drawn.contains { $0 / 16 == 0 || $0 / 16 == 15 || $0 % 16 == 0 || $0 % 16 == 15 },
                    "\(item)")
            }
        }
    }

    @Test func digitsDiffer() throws {
        var dots: [Int: [Bool]] = [:]  // by digit: [256]
        for index in 0..<400 where dots.count < 10 {
            let scene = try SceneSampler(.small()).scene(.test, "digits", index, signNeeded: true)
            guard let sign = scene.sign else { continue }
            let picture = Self.picture(scene, side: 64, noise: 0)
            dots[sign.digit] = (0..<256).map { at in
                let pixel = (sign.cell.row * 16 + at / 16) * 64 + sign.cell.column * 16 + at % 16
                return picture.pixels[pixel * 3] > 128
            }
        }
        #expect(dots.count == 10)
        for (digit, lit) in dots {
            #expect((15..<110).contains(lit.count { $0 }))
            for (other, others) in dots where other != digit {
                #expect(zip(lit, others).count { $0 != $1 } >= 6, "\(digit) and \(other)")
            }
        }
    }

    @Test func noiseIsBounded() throws {
        let scene = try Self.scenes(1)[0]
        let (clean, noisy) = (
            Self.picture(scene, side: 64, noise: 0), Self.picture(scene, side: 64, noise: 5)
        )
        let changes = zip(clean.pixels, noisy.pixels).map { abs(Int($0) - Int($1)) }
        #expect(changes.max() == 5)
    }
}
