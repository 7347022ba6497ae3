/// A picture of 8-bit red, green and blue samples.
public struct RGBImage: Sendable, Equatable {
    /// Columns.
    public let width: Int
    /// Rows.
    public let height: Int
    /// `[height, width, 3]`, rows from the top.
    public var pixels: [UInt8]

    /// - Precondition: `pixels` holds `height * width * 3` samples, and both sides are at least 1.
    public init(width: Int, height: Int, pixels: [UInt8]) {
        precondition(
            width > 0 && height > 0 && pixels.count == width * height * 3,
            "an image of \(width) x \(height) pixels has \(width * height * 3) samples, not \(pixels.count)")
        self.width = width
        self.height = height
        self.pixels = pixels
    }

    /// An image of one colour.
    public init(width: Int, height: Int, colour: (red: UInt8, green: UInt8, blue: UInt8)) {
        var pixels = [UInt8](repeating: colour.red, count: width * height * 3)
        for i in 0..<width * height {
            pixels[3 * i + 1] = colour.green
            pixels[3 * i + 2] = colour.blue
        }
        self.init(width: width, height: height, pixels: pixels)
    }
}
