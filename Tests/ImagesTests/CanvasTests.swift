import Images
import Testing

@Suite struct CanvasTests {
    /// Pillow's resampling written as plainly as it can be: doubles to fixed point, one pass after the other.
    static func reference(_ image: RGBImage, width: Int, height: Int, verticalFirst: Bool) -> RGBImage {
        func cubic(_ v: Double) -> Double {
            let x = abs(v)
            return x < 1
                ? ((-0.5 + 2) * x - (-0.5 + 3)) * x * x + 1 : x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0
        }
        func pass(_ samples: [UInt8], count: Int, to outputs: Int, index: (Int, Int) -> Int, lines: Int)
            -> [[UInt8]]
        {
            let scale = Double(count) / Double(outputs)
            let stretch = max(scale, 1)
            return (0..<outputs).map { output in
                let centre = (Double(output) + 0.5) * scale
                let low = max(0, Int(centre - 2 * stretch + 0.5))
                let high = min(count, Int(centre + 2 * stretch + 0.5))
                let exact = (low..<high).map { cubic((Double($0) - centre + 0.5) * (1 / stretch)) }
                let sum = exact.reduce(0, +)
                let fixed = exact.map { $0 / sum * 4_194_304 }.map { Int($0 < 0 ? $0 - 0.5 : $0 + 0.5) }
                return (0..<lines).map { line in
                    let total = zip(low..<high, fixed).reduce(1 << 21) {
                        $0 + $1.1 * Int(samples[index(line, $1.0)])
                    }
                    return UInt8(min(max(total >> 22, 0), 255))
                }
            }
        }
        func across(_ image: RGBImage) -> RGBImage {
            let (w, lines) = (image.width, image.height * 3)
            let columns = pass(
                image.pixels, count: w, to: width, index: { ($0 / 3 * w + $1) * 3 + $0 % 3 }, lines: lines)
            var pixels = [UInt8](repeating: 0, count: width * lines)
            for x in 0..<width {
                for line in 0..<lines { pixels[(line / 3 * width + x) * 3 + line % 3] = columns[x][line] }
            }
            return RGBImage(width: width, height: image.height, pixels: pixels)
        }
        func down(_ image: RGBImage) -> RGBImage {
            let bytes = image.width * 3
            let rows = pass(
                image.pixels, count: image.height, to: height, index: { $1 * bytes + $0 }, lines: bytes)
            return RGBImage(width: image.width, height: height, pixels: rows.flatMap { $0 })
        }
        return verticalFirst ? across(down(image)) : down(across(image))
    }

    static func noise(width: Int, height: Int, seed: UInt64) -> RGBImage {
        var state = seed
        let pixels = (0..<width * height * 3).map { _ -> UInt8 in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 63 == 0 ? UInt8(truncatingIfNeeded: state >> 50) : state >> 62 & 1 == 0 ? 0 : 255
        }
        return RGBImage(width: width, height: height, pixels: pixels)
    }

    /// Sides around the 32-row blocks and the 64-byte strips, up and down, one pixel and long strips. The
    /// order of the passes was observed in Pillow 13.0.0 on 1,416 random sizes that tell the two apart.
    @Test(arguments: [
        (1, 1, 7, 5, false), (3, 5, 56, 56, false), (33, 31, 32, 65, false), (64, 65, 21, 22, false),
        (200, 3, 17, 40, false),
        (2, 301, 30, 9, true), (97, 64, 97, 10, true), (40, 97, 13, 97, false), (21, 22, 1, 1, false),
        (50, 50, 50, 50, false),
        (61, 90, 56, 56, true), (60, 100, 40, 60, false), (60, 101, 40, 60, true), (72, 17, 118, 5, true),
    ])
    func equalsThePlainLoop(
        _ inputWidth: Int, _ inputHeight: Int, _ width: Int, _ height: Int, _ verticalFirst: Bool
    ) {
        let image = Self.noise(
            width: inputWidth, height: inputHeight, seed: UInt64(inputWidth * 1000 + height))
        let found = image.resizedBicubic(width: width, height: height)
        #expect(found == Self.reference(image, width: width, height: height, verticalFirst: verticalFirst))
    }

    @Test func oneColourStaysThatColour() {
        let image = RGBImage(width: 37, height: 91, colour: (255, 1, 128))
        #expect(
            image.resizedBicubic(width: 50, height: 8)
                == RGBImage(width: 50, height: 8, colour: (255, 1, 128)))
    }

    @Test func overshootIsClippedNotWrapped() {
        // a hard edge, enlarged: the filter's negative lobes pass 0 and 255
        let edge = RGBImage(width: 4, height: 1, pixels: [0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255])
        let large = edge.resizedBicubic(width: 16, height: 1).pixels
        let reds = stride(from: 0, to: 48, by: 3).map { large[$0] }
        #expect(reds == reds.sorted())
        #expect(reds.first == 0 && reds.last == 255)
    }
}
