import Images

/// An image of the training archive, with its scene and its encoding.
public struct ImageFile: Sendable {
    public let name: String  // member of the archive, like teacher/003/003141.jpg
    public let scene: Scene
    let encoding: ImageEncoding

    init(_ split: Split, _ index: Int, _ scene: Scene, _ settings: WorldSettings) {
        var stream = RandomStream(seed: settings.seed, purpose: "file/\(split.rawValue)", index: index)
        let encoding = ImageEncoding(
            side: [64, 80, 96, 128][stream.weighted([50, 20, 20, 10])], isPNG: stream.chance(0.3),
            noise: settings.noise, jpegQuality: settings.jpegQuality, seed: settings.seed,
            purpose: "draw/\(split.rawValue)", index: index)
        self.scene = scene
        self.encoding = encoding
        let digits = String(1_000_000 + index).dropFirst()
        name = "\(split.rawValue)/\(digits.prefix(3))/\(digits).\(encoding.isPNG ? "png" : "jpg")"
    }

    /// The bytes of the file.
    public func bytes() throws -> [UInt8] { try encoding.bytes(of: scene) }
}

/// Encoding of a scene as an image file. The bytes are a function of the scene and these fields alone.
struct ImageEncoding: Sendable {
    let side: Int  // pixels
    let isPNG: Bool
    let noise: Int
    let jpegQuality: Int
    let seed: UInt64
    let purpose: String
    let index: Int

    func bytes(of scene: Scene) throws -> [UInt8] {
        var stream = RandomStream(seed: seed, purpose: purpose, index: index)
        let picture = Picture(scene, side: side, noise: noise, &stream)
        let image = RGBImage(width: side, height: side, pixels: picture.pixels)
        return isPNG ? try image.pngBytes() : try image.jpegBytes(quality: jpegQuality)
    }
}
