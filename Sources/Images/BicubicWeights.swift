import CKernels

/// The weights of one pass of Pillow's antialiased bicubic filter, in its fixed point.
struct BicubicWeights {
    /// First input sample of every output.
    let first: [Int32]
    /// How many input samples an output reads; at least 1.
    let taps: [Int32]
    /// Row length of `weights`.
    let mostTaps: Int
    /// `[outputs, mostTaps]`, with `CK_PRECISION` fraction bits; zero beyond an output's taps.
    let weights: [Int32]

    /// Weights for resizing `inputs` samples to `outputs`, for those outputs in `window`.
    ///
    /// Every double and every rounding is Pillow's (its `precompute_coeffs` and `normalize_coeffs_8bpc`): the
    /// results are to be equal, not near.
    init(inputs: Int, outputs: Int, window: Range<Int>) {
        let scale = Double(inputs) / Double(outputs)
        let stretch = scale < 1 ? 1 : scale  // a shrinking filter widens to cover what it averages
        let support = 2 * stretch
        mostTaps = Int(support.rounded(.up)) * 2 + 1
        var first: [Int32] = []
        var taps: [Int32] = []
        var weights = [Int32](repeating: 0, count: window.count * mostTaps)
        var exact = [Double](repeating: 0, count: mostTaps)
        for (row, output) in window.enumerated() {
            let centre = (Double(output) + 0.5) * scale
            let low = max(0, Int(centre - support + 0.5))
            let high = min(inputs, Int(centre + support + 0.5))
            var sum = 0.0
            for x in 0..<high - low {
                exact[x] = bicubic((Double(x + low) - centre + 0.5) * (1 / stretch))
                sum += exact[x]
            }
            for x in 0..<high - low {
                let share = sum == 0 ? exact[x] : exact[x] / sum
                let fixed = share * Double(1 << CK_PRECISION)
                weights[row * mostTaps + x] = Int32(fixed < 0 ? fixed - 0.5 : fixed + 0.5)
            }
            first.append(Int32(low))
            taps.append(Int32(high - low))
        }
        (self.first, self.taps, self.weights) = (first, taps, weights)
    }
}

/// Keys' cubic with a = -0.5.
private func bicubic(_ signed: Double) -> Double {
    let x = signed < 0 ? -signed : signed
    let a = -0.5
    if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    if x < 2 { return (((x - 5) * x + 8) * x - 4) * a }
    return 0
}
