import Foundation
import Images

/// Pictures as parts of the page.
enum InlinePicture {
    /// A picture file, made smaller where it is larger than `side`, as a data URI.
    ///
    /// - Throws: `ImageError`
    static func thumbnail(of bytes: [UInt8], side: Int) throws -> String {
        try uri(smaller(decodeImage(bytes, name: "a question’s image"), than: side))
    }

    /// The picture itself where it is small enough, else one whose longer side is `side`.
    static func smaller(_ image: RGBImage, than side: Int) -> RGBImage {
        let longer = max(image.width, image.height)
        guard longer > side else { return image }
        return image.resizedBicubic(
            width: max(1, image.width * side / longer), height: max(1, image.height * side / longer))
    }

    /// Data URI of a PNG or a JPEG, whichever is shorter: drawings in PNG, photographs in JPEG.
    static func uri(_ image: RGBImage) throws -> String {
        let (png, jpeg) = (try image.pngBytes(compressionLevel: 9), try image.jpegBytes(quality: 88))
        let (kind, bytes) = jpeg.count * 3 < png.count * 2 ? ("jpeg", jpeg) : ("png", png)
        return "data:image/\(kind);base64,\(Data(bytes).base64EncodedString())"
    }
}

/// Lays weights of a square grid of patches over a picture.
struct HeatMap {
    /// What a patch of full weight is drawn in, over the darkened picture.
    static let glow: (red: Double, green: Double, blue: Double) = (255, 150, 40)

    /// - Parameters:
    ///   - weights: `[side * side]`, rows from the top; drawn relative to the largest
    /// - Returns: the picture, dark where no weight is and glowing where most of it is
    static func over(_ image: RGBImage, weights: [Float], side: Int) -> RGBImage {
        precondition(
            side > 0 && weights.count == side * side, "HeatMap: \(weights.count) weights, side \(side)")
        let largest = max(weights.max() ?? 0, .leastNormalMagnitude)
        var result = image
        for row in 0..<image.height {
            for column in 0..<image.width {
                let patch =
                    min(side - 1, row * side / image.height) * side
                    + min(side - 1, column * side / image.width)
                let share = Double(max(0, weights[patch]) / largest) * 0.78
                let at = (row * image.width + column) * 3
                let grey =
                    (Double(image.pixels[at]) + Double(image.pixels[at + 1]) + Double(image.pixels[at + 2]))
                    / 3
                for (channel, light) in [glow.red, glow.green, glow.blue].enumerated() {
                    let own = Double(image.pixels[at + channel])
                    let dark = 0.3 * own + 0.1 * grey
                    // The thing in a patch stays visible: where it glows, its own light is kept in part.
                    let lit = light * (0.7 + 0.3 * own / 255)
                    result.pixels[at + channel] = UInt8((dark * (1 - share) + lit * share).rounded())
                }
            }
        }
        return result
    }
}
