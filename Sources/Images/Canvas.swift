import CKernels

/// A picture laid on a larger canvas of one colour, which is never stored.
struct Canvas {
    let image: RGBImage
    let width, height: Int
    let left, top: Int
    let colour: [UInt8]  // [3]

    /// The picture itself.
    init(_ image: RGBImage) {
        self.image = image
        (width, height, left, top, colour) = (image.width, image.height, 0, 0, [0, 0, 0])
    }

    /// The picture in the middle (offsets rounded down) of the smallest square that holds it.
    init(squareAround image: RGBImage, colour: [UInt8]) {
        self.image = image
        let side = max(image.width, image.height)
        (width, height) = (side, side)
        (left, top) = ((side - image.width) / 2, (side - image.height) / 2)
        self.colour = colour
    }

    /// Resizes to `width` x `height` and returns the part `columns` x `rows` of the result. Rows and columns
    /// that the part does not need are not computed.
    ///
    /// The first pass rounds to bytes, so the order of the passes shows. It is Pillow's since version 13:
    /// vertical first if the height shrinks by more than twice what the width does, else horizontal first
    /// (earlier versions: always).
    func resized(width newWidth: Int, height newHeight: Int, columns: Range<Int>, rows: Range<Int>)
        -> RGBImage
    {
        let across = BicubicWeights(inputs: width, outputs: newWidth, window: columns)
        let down = BicubicWeights(inputs: height, outputs: newHeight, window: rows)
        let pixels: [UInt8]
        // A padded canvas is square and so is its result. Both sides shrink alike, so it never comes here.
        if newHeight < height, height - newHeight > 2 * (width - newWidth), width == image.width,
            height == image.height
        {
            let low = down.resizedDown(image.pixels, rowBytes: width * 3, firstRow: 0)
            pixels = Canvas(RGBImage(width: width, height: rows.count, pixels: low)).resizedAcross(
                across, rows: 0..<rows.count)
        } else {
            let needed = down.inputs
            pixels = down.resizedDown(
                resizedAcross(across, rows: needed), rowBytes: columns.count * 3, firstRow: needed.lowerBound)
        }
        return RGBImage(width: columns.count, height: rows.count, pixels: pixels)
    }

    /// The horizontal pass over canvas rows `rows`: `[rows, outputs, 3]`.
    private func resizedAcross(_ weights: BicubicWeights, rows: Range<Int>) -> [UInt8] {
        let outputs = weights.first.count
        let bytes = outputs * 3
        // A row that is canvas alone keeps its colour: the weights sum to 1 within 1e-4, too little to round
        // away.
        var narrow = [UInt8](repeating: 0, count: rows.count * bytes)
        let own = rows.clamped(to: top..<top + image.height)
        if own.count < rows.count {
            for i in 0..<rows.count * outputs { for c in 0..<3 { narrow[3 * i + c] = colour[c] } }
        }
        var block = [UInt8](repeating: 0, count: width * 3 * CK_ROWS)
        if image.width < width {
            for x in 0..<width {
                for c in 0..<3 { for r in 0..<CK_ROWS { block[(3 * x + c) * CK_ROWS + r] = colour[c] } }
            }
        }
        var resized = [UInt8](repeating: 0, count: bytes * CK_ROWS)
        let rowBytes = image.width * 3
        image.pixels.withUnsafeBufferPointer { pixels in
            block.withUnsafeMutableBufferPointer { block in
                narrow.withUnsafeMutableBufferPointer { narrow in
                    guard let from = pixels.baseAddress, let lanes = block.baseAddress,
                        let to = narrow.baseAddress
                    else { return }
                    for start in stride(from: own.lowerBound, to: own.upperBound, by: CK_ROWS) {
                        let count = min(CK_ROWS, own.upperBound - start)
                        ck_block_rows(
                            from + (start - top) * rowBytes, rowBytes, count, rowBytes,
                            lanes + left * 3 * CK_ROWS)
                        ck_resize_across(
                            lanes, weights.first, weights.taps, weights.weights, weights.mostTaps, outputs,
                            &resized)
                        ck_unblock_rows(resized, bytes, to + (start - rows.lowerBound) * bytes, bytes, count)
                    }
                }
            }
        }
        return narrow
    }
}

extension BicubicWeights {
    /// The input samples that any output reads.
    fileprivate var inputs: Range<Int> {
        guard let low = first.first, let high = first.last, let more = taps.last else { return 0..<0 }
        return Int(low)..<Int(high + more)
    }

    /// The vertical pass: `[outputs, rowBytes]` from rows whose first one is input row `firstRow`.
    fileprivate func resizedDown(_ rows: [UInt8], rowBytes: Int, firstRow: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: first.count * rowBytes) { into, count in
            rows.withUnsafeBufferPointer { rows in
                weights.withUnsafeBufferPointer { weights in
                    guard let from = rows.baseAddress, let weight = weights.baseAddress,
                        let to = into.baseAddress
                    else { return }
                    for y in 0..<first.count {
                        ck_resize_down(
                            from + (Int(first[y]) - firstRow) * rowBytes, rowBytes, Int(taps[y]),
                            weight + y * mostTaps,
                            to + y * rowBytes)
                    }
                }
            }
            count = first.count * rowBytes
        }
    }
}

extension RGBImage {
    /// The picture resized by the antialiased bicubic filter: equal, sample for sample, to Pillow's
    /// `resize((width, height), Image.BICUBIC)` on 8-bit RGB, version 13.
    public func resizedBicubic(width: Int, height: Int) -> RGBImage {
        precondition(width > 0 && height > 0, "cannot resize to \(width) x \(height)")
        if width == self.width, height == self.height { return self }
        return Canvas(self).resized(width: width, height: height, columns: 0..<width, rows: 0..<height)
    }
}
