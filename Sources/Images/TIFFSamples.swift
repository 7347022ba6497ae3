import CTIFF

/// What the samples of a TIFF's pixels mean: the kinds that Pillow knows.
enum TIFFSamples: Equatable {
    /// Levels of grey; inverted where 0 is white.
    case grey(isInverted: Bool)
    case greyAlpha
    case palette
    case paletteAlpha
    case rgb
    case rgba
    /// RGBA whose colours are multiplied with alpha.
    case premultiplied
    case cmyk
    /// Luma and chroma at every pixel.
    case ycbcr
    /// Luma and chroma within JPEG data, which libjpeg makes RGB of.
    case jpeg
    /// Luma and chroma otherwise: libtiff makes RGB of them.
    case converted

    init?(_ header: align_ti_tiff_header) {
        let (bits, samples) = (header.bits, header.samples)
        let isCompressedJPEG = header.compression == COMPRESSION_JPEG
        let (first, others) = Self.extras(header)
        let isByte = bits == 8
        guard
            header.format == SAMPLEFORMAT_UINT || header.format == SAMPLEFORMAT_INT && isByte && samples == 1
        else { return nil }
        let photometric =
            header.compression == COMPRESSION_OJPEG ? PHOTOMETRIC_YCBCR : Int32(header.photometric)
        switch photometric {
        case PHOTOMETRIC_MINISWHITE where samples == 1 && [1, 2, 4, 8, 16].contains(bits):
            self = .grey(isInverted: true)
        case PHOTOMETRIC_MINISBLACK where samples == 1 && [1, 2, 4, 8, 12, 16].contains(bits):
            self = .grey(isInverted: false)
        case PHOTOMETRIC_MINISBLACK where samples == 2 && isByte && first == EXTRASAMPLE_UNSPECIFIED:
            self = .grey(isInverted: false)
        case PHOTOMETRIC_MINISBLACK where samples == 2 && isByte && first == EXTRASAMPLE_UNASSALPHA:
            self = .greyAlpha
        case PHOTOMETRIC_PALETTE where samples == 1 && [1, 2, 4, 8].contains(bits),
            PHOTOMETRIC_PALETTE where samples == 2 && isByte && first == EXTRASAMPLE_UNSPECIFIED:
            self = .palette
        case PHOTOMETRIC_PALETTE where samples == 2 && isByte && first == EXTRASAMPLE_UNASSALPHA:
            self = .paletteAlpha
        case PHOTOMETRIC_RGB where isByte && samples <= 6 || bits == 16 && samples <= 4:
            guard others.allSatisfy({ $0 == EXTRASAMPLE_UNSPECIFIED }) else { return nil }
            switch (samples, first) {
            case (3, nil), (4..., EXTRASAMPLE_UNSPECIFIED): self = .rgb
            case (4, nil), (4..., EXTRASAMPLE_UNASSALPHA): self = .rgba
            case (4..., EXTRASAMPLE_ASSOCALPHA): self = .premultiplied
            default: return nil
            }
        case PHOTOMETRIC_SEPARATED where isByte && (4...6).contains(samples) || bits == 16 && samples == 4:
            guard samples == 4 || first == EXTRASAMPLE_UNSPECIFIED,
                others.allSatisfy({ $0 == EXTRASAMPLE_UNSPECIFIED })
            else { return nil }
            self = .cmyk
        case PHOTOMETRIC_YCBCR where isByte && samples == 1: self = .grey(isInverted: false)
        case PHOTOMETRIC_YCBCR where isByte && samples == 3:
            if isCompressedJPEG, header.planar == PLANARCONFIG_CONTIG {
                self = .jpeg
            } else if header.compression == COMPRESSION_NONE, header.across == 1, header.down == 1 {
                self = .ycbcr
            } else {
                self = .converted
            }
        default: return nil
        }
    }

    private static func extras(_ header: align_ti_tiff_header) -> (first: Int32?, others: [Int32]) {
        let all = withUnsafeBytes(of: header.extra) { raw in
            raw.bindMemory(to: UInt16.self).prefix(Int(header.extras)).map { Int32($0) }
        }
        return (all.first, Array(all.dropFirst()))
    }

    var hasPalette: Bool { self == .palette || self == .paletteAlpha }

    var hasAlpha: Bool {
        switch self {
        case .greyAlpha, .paletteAlpha, .rgba, .premultiplied, .converted: true
        case .grey, .palette, .rgb, .cmyk, .ycbcr, .jpeg: false
        }
    }

    /// How many samples of a pixel are looked at.
    var kept: Int {
        switch self {
        case .grey, .palette: 1
        case .greyAlpha, .paletteAlpha: 2
        case .rgb, .ycbcr, .jpeg: 3
        case .rgba, .premultiplied, .cmyk, .converted: 4
        }
    }

    /// Whether the samples, as many as are looked at, are those of the picture.
    var isAsShown: Bool {
        switch self {
        case .rgb, .jpeg, .rgba, .premultiplied: true
        default: false
        }
    }

    // MARK: Colours

    /// Makes colours of samples `[pixels, kept]`, with alpha behind them where there is one.
    func show(
        _ stored: UnsafeMutablePointer<UInt8>, _ count: Int, bits: Int,
        _ palette: [(UInt8, UInt8, UInt8)], _ pixels: UnsafeMutablePointer<UInt8>
    ) {
        // Levels of fewer than 8 bits are spread over all 256.
        let scale = bits < 8 ? UInt8(255 / (1 << bits - 1)) : 1
        var out = pixels
        for i in stride(from: 0, to: count, by: kept) {
            switch self {
            case .grey(let isInverted):
                let level = stored[i] * scale
                out.update(repeating: isInverted ? 255 - level : level, count: 3)
            case .greyAlpha: out.update(repeating: stored[i], count: 3)
            case .palette, .paletteAlpha: (out[0], out[1], out[2]) = palette[Int(stored[i])]
            case .cmyk:
                let white = 255 - Int(stored[i + 3])
                for c in 0..<3 {
                    let product = Int(stored[i + c]) * white + 128
                    out[c] = UInt8(clamping: white - (product + product >> 8) >> 8)
                }
            case .ycbcr: Self.mix(stored + i, to: out)
            case .rgb, .rgba, .premultiplied, .jpeg, .converted: break  // not stored here
            }
            if hasAlpha { out[3] = stored[i + 1] }
            out += hasAlpha ? 4 : 3
        }
    }

    /// Colour of luma and chroma by JPEG's formula, in Pillow's fixed point of 6 bits.
    private static func mix(_ stored: UnsafeMutablePointer<UInt8>, to out: UnsafeMutablePointer<UInt8>) {
        func part(_ factor: Double, _ chroma: UInt8) -> Int {
            Int(factor * (Double(chroma) - 128) * 64 + 0.5)
        }
        let (luma, blue, red) = (Int(stored[0]), stored[1], stored[2])
        out[0] = UInt8(clamping: luma + part(1.402, red) >> 6)
        out[1] = UInt8(clamping: luma + (part(-0.34414, blue) + part(-0.71414, red)) >> 6)
        out[2] = UInt8(clamping: luma + part(1.772, blue) >> 6)
    }

    /// Divides the colours of RGBA by alpha, as Pillow does.
    static func unmultiply(_ pixels: UnsafeMutablePointer<UInt8>, _ count: Int) {
        for pixel in stride(from: 0, to: 4 * count, by: 4) {
            let alpha = Int(pixels[pixel + 3])
            for c in pixel..<pixel + 3 {
                pixels[c] = alpha == 0 ? 0 : UInt8(clamping: Int(pixels[c]) * 255 / alpha)
            }
        }
    }
}
