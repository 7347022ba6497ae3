import CKernels
import Files

/// Settings and steps that turn a picture into the pixels and numbers a vision tower takes.
public struct ImageProcessor: Sendable, Equatable, Codable {
    /// Family of the tower; `preprocessor_config.json` names it.
    public enum Kind: String, Sendable, Codable, CaseIterable {
        case siglip, clip, dinov2

        /// Mean and standard deviation of red, green and blue that the family was published with.
        var statistics: (mean: [Double], deviation: [Double]) {
            switch self {
            case .siglip: ([0.5, 0.5, 0.5], [0.5, 0.5, 0.5])
            case .clip: ([0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711])
            case .dinov2: ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
            }
        }
    }

    /// Treatment of pictures that are not square.
    public enum Aspect: String, Sendable, Codable, CaseIterable {
        /// Both sides are resized to `size`; the aspect ratio is not kept.
        case square
        /// The picture is centred on a square canvas of the mean colour and then resized: LLaVA's
        /// `image_aspect_ratio = pad`.
        case pad
        /// The shorter side is resized to `size`, or to `shortestEdge`, and the centre cut out.
        case clip
    }

    public let kind: Kind
    /// Side of the square result, in pixels.
    public private(set) var size: Int
    /// What `clip` resizes the shorter side to where that is not `size`: 256 before a cut of 224, say.
    public private(set) var shortestEdge: Int?
    /// Means of red, green and blue on the scale 0...1.
    public let mean: [Double]
    /// Standard deviations of red, green and blue on the scale 0...1.
    public let standardDeviation: [Double]
    public let aspect: Aspect

    /// Nil arguments take the published values of the tower's kind: means and deviations of 0.5 and `square`
    /// for SigLIP, CLIP's own statistics and `clip` for CLIP, ImageNet's and `clip` for DINOv2.
    ///
    /// - Throws: `FilesError.badField`, naming the field, for values no picture could be prepared with
    public init(
        kind: Kind, size: Int, mean: [Double]? = nil, standardDeviation: [Double]? = nil,
        aspect: Aspect? = nil, shortestEdge: Int? = nil, file: String = "image processor"
    ) throws {
        func bad(_ field: String, _ found: String, _ expected: String) -> FilesError {
            .badField(place: file, field: field, found: found, expected: expected)
        }
        self.kind = kind
        self.size = size
        self.mean = mean ?? kind.statistics.mean
        self.standardDeviation = standardDeviation ?? kind.statistics.deviation
        self.aspect = aspect ?? (kind == .siglip ? .square : .clip)
        self.shortestEdge = self.aspect == .clip && shortestEdge != size ? shortestEdge : nil
        guard (1...8192).contains(size) else { throw bad("size", "\(size)", "1 to 8192 pixels") }
        guard (size...8192).contains(shortestEdge ?? size) else {
            throw bad("size", "\(shortestEdge ?? size)", "\(size) (what is cut out) to 8192 pixels")
        }
        guard self.mean.count == 3, self.mean.allSatisfy({ (0...1).contains($0) }) else {
            throw bad("image_mean", "\(self.mean)", "three numbers from 0 to 1")
        }
        guard self.standardDeviation.count == 3,
            self.standardDeviation.allSatisfy({ $0 > 1e-6 && $0.isFinite })
        else {
            throw bad("image_std", "\(self.standardDeviation)", "three positive numbers")
        }
    }

    /// Decodes a processor and checks its values as the other `init` does.
    public init(from decoder: Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            kind: fields.decode(Kind.self, forKey: .kind), size: fields.decode(Int.self, forKey: .size),
            mean: fields.decode([Double].self, forKey: .mean),
            standardDeviation: fields.decode([Double].self, forKey: .standardDeviation),
            aspect: fields.decode(Aspect.self, forKey: .aspect),
            shortestEdge: fields.decodeIfPresent(Int.self, forKey: .shortestEdge))
    }

    /// The same settings for pictures of another size, in a cut of the same proportion.
    public func resized(to side: Int) throws -> ImageProcessor {
        try ImageProcessor(
            kind: kind, size: side, mean: mean, standardDeviation: standardDeviation, aspect: aspect,
            shortestEdge: shortestEdge.map { $0 * side / size })
    }

    private enum CodingKeys: String, CodingKey {
        case kind, size, mean, aspect
        case shortestEdge = "shortest_edge"
        case standardDeviation = "standard_deviation"
    }

    /// Number of bytes of a prepared picture: `size * size * 3`.
    public var samples: Int { size * size * 3 }

    /// The canvas of `pad`: `int(255 * mean)`, as LLaVA computes it.
    public var padColour: [UInt8] { mean.map { UInt8(255 * $0) } }

    /// Prepared picture: resized, padded or cut as `aspect` says.
    ///
    /// - Returns: `[size, size, 3]`, equal to what the Hugging Face processors (their Pillow back end) hold
    ///   before rescaling
    public func process(_ image: RGBImage) -> [UInt8] {
        switch aspect {
        case .square: return image.resizedBicubic(width: size, height: size).pixels
        case .pad:
            if image.width == image.height { return image.resizedBicubic(width: size, height: size).pixels }
            return Canvas(squareAround: image, colour: padColour)
                .resized(width: size, height: size, columns: 0..<size, rows: 0..<size).pixels
        case .clip:
            let (short, long) = (min(image.width, image.height), max(image.width, image.height))
            let edge = shortestEdge ?? size
            let longer = edge * long / short
            let (width, height) = image.width <= image.height ? (edge, longer) : (longer, edge)
            let (left, top) = ((width - size) / 2, (height - size) / 2)
            if image.width == size, image.height == size, edge == size { return image.pixels }
            return Canvas(image)
                .resized(width: width, height: height, columns: left..<left + size, rows: top..<top + size)
                .pixels
        }
    }

    /// The 768 values a sample can become: `[3, 256]`, entry (c, v) = (v / 255 - mean) / deviation.
    public var normalisation: [Float] {
        (0..<3).flatMap { c in (0..<256).map { Float((Double($0) / 255 - mean[c]) / standardDeviation[c]) } }
    }

    /// Converts prepared pixels to the tower's input, channels first.
    ///
    /// - Parameters:
    ///   - pixels: `[size, size, 3]`
    ///   - planes: `[3, size, size]`
    public func normalise(_ pixels: UnsafePointer<UInt8>, into planes: UnsafeMutablePointer<Float>) {
        ck_normalise_planes(pixels, size * size, normalisation, planes)
    }

    /// Converts prepared pixels to rows of patches, which a convolution of stride `patch` multiplies with its
    /// flattened weights.
    ///
    /// - Parameters:
    ///   - pixels: `[size, size, 3]`
    ///   - patches: `[(size / patch)^2, 3 * patch * patch]`, columns ordered channel, row, column
    public func normalise(
        _ pixels: UnsafePointer<UInt8>, patch: Int, into patches: UnsafeMutablePointer<Float>
    ) {
        precondition(patch > 0 && patch <= size, "a patch of \(patch) pixels does not fit \(size)")
        ck_normalise_patches(pixels, size, size, patch, normalisation, patches)
    }
}
