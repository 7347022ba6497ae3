/// A square RGB image of a scene.
public struct Picture: Equatable, Sendable {
    public let side: Int  // pixels
    public private(set) var pixels: [UInt8]  // [side, side, 3]

    /// Units a side of the world: 16 a cell, whatever the file's size in pixels.
    static let units = 64.0
    static let cellUnits = 16.0
    /// Sample points a side of one pixel, for smooth edges.
    private static let samples = 4

    /// Draws `scene`; the stream gives jitter, brightness and noise.
    ///
    /// - Parameters:
    ///   - side: pixels, at least 16
    ///   - noise: greatest change of a value by noise (0-255)
    public init(_ scene: Scene, side: Int, noise: Int, _ stream: inout RandomStream) {
        precondition(side >= 16, "Picture: side is \(side), expected at least 16")
        self.side = side
        let brightness = stream.within(88...110)  // percent
        func lit(_ value: Int) -> UInt8 { UInt8(min(255, value * brightness / 100)) }
        pixels = [UInt8](repeating: lit([64, 104, 144][scene.background.rawValue]), count: side * side * 3)
        for item in scene.items {
            let offset = (x: 1.6 * stream.unit() - 0.8, y: 1.6 * stream.unit() - 0.8)
            let radius = item.size == .small ? 4.0 : 6.2
            fill(item.cell, item.thing.color.rgb.map(lit)) { x, y in
                item.thing.shape.holds(x: (x - offset.x) / radius, y: (y - offset.y) / radius)
            }
        }
        if let sign = scene.sign {
            let offset = (x: stream.unit() - 0.5, y: stream.unit() - 0.5)
            fill(sign.cell, [0, 0, 0]) { x, y in max(abs(x - offset.x), abs(y - offset.y)) <= 7.4 }
            let dot = 1.7  // units
            fill(sign.cell, [lit(235), lit(235), lit(235)]) { x, y in
                let column = ((x - offset.x) / dot + Double(DigitFont.columns) / 2).rounded(.down)
                let row = ((y - offset.y) / dot + Double(DigitFont.rows) / 2).rounded(.down)
                return DigitFont.isSet(sign.digit, row: Int(row), column: Int(column))
            }
        }
        if noise > 0 { addNoise(noise, &stream) }
    }

    /// Paints the points for which `inside` holds; x and y are in units from the centre of the cell.
    private mutating func fill(_ cell: Cell, _ color: [UInt8], inside: (Double, Double) -> Bool) {
        let unit = Self.units / Double(side)  // units per pixel
        let left = Double(cell.column) * Self.cellUnits
        let top = Double(cell.row) * Self.cellUnits
        let columns = Int((left / unit).rounded(.down))..<Int(((left + Self.cellUnits) / unit).rounded(.up))
        let rows = Int((top / unit).rounded(.down))..<Int(((top + Self.cellUnits) / unit).rounded(.up))
        for row in rows where row < side {
            for column in columns where column < side {
                var hits = 0
                for sample in 0..<Self.samples * Self.samples {
                    let x =
                        (Double(column) + (Double(sample % Self.samples) + 0.5) / Double(Self.samples)) * unit
                    let y =
                        (Double(row) + (Double(sample / Self.samples) + 0.5) / Double(Self.samples)) * unit
                    if inside(x - left - Self.cellUnits / 2, y - top - Self.cellUnits / 2) { hits += 1 }
                }
                if hits == 0 { continue }
                let all = Self.samples * Self.samples
                for channel in 0..<3 {
                    let at = (row * side + column) * 3 + channel
                    let mix = Int(pixels[at]) * (all - hits) + Int(color[channel]) * hits
                    pixels[at] = UInt8((mix + all / 2) / all)
                }
            }
        }
    }

    /// Adds grey noise, uniform in ±amplitude: the three channels of a pixel change alike.
    private mutating func addNoise(_ amplitude: Int, _ stream: inout RandomStream) {
        let width = UInt64(2 * amplitude + 1)
        var bits: UInt64 = 0
        pixels.withUnsafeMutableBufferPointer { pixels in
            for pixel in 0..<side * side {
                if pixel % 4 == 0 { bits = stream.next() }
                let change = Int(((bits & 0xffff) * width) >> 16) - amplitude
                bits >>= 16
                for at in pixel * 3..<pixel * 3 + 3 {
                    pixels[at] = UInt8(min(255, max(0, Int(pixels[at]) + change)))
                }
            }
        }
    }
}

extension Color {
    var rgb: [Int] {
        [
            [220, 40, 40], [45, 75, 225], [35, 165, 55], [240, 215, 40], [240, 120, 200], [250, 250, 250],
        ][rawValue]
    }
}

extension Shape {
    /// Whether a point lies in the shape of radius 1 about the origin; y grows downwards.
    func holds(x: Double, y: Double) -> Bool {
        switch self {
        case .circle: return x * x + y * y <= 1
        case .square: return max(abs(x), abs(y)) <= 0.88
        case .triangle: return y >= -1 && y <= 0.85 && abs(x) <= (y + 1) / 1.85
        case .cross: return min(abs(x), abs(y)) <= 0.33 && max(abs(x), abs(y)) <= 1
        case .ring:
            let square = x * x + y * y
            return square <= 1 && square >= 0.3
        }
    }
}
