import Records

extension StudentExposure {
    /// A student's exposure bias with confidence bands over samples.
    ///
    /// The bands are percentile bootstrap: samples are drawn with replacement (`ExposureBias.resampled`), the
    /// curves computed anew, and the middle `confidence` of the results kept, at each l by itself. A band is
    /// given where the curve is defined in nine resamples of ten.
    ///
    /// - Parameters:
    ///   - confidence: share of resamples within a band, such as 0.95
    ///   - reference: another student's, of the same samples, over whose resamples %ExAccErr is compared
    public init(
        _ name: String, _ bias: ExposureBias, confidence: Double, resamples: Int, seed: UInt64,
        reference: ExposureBias? = nil
    ) {
        precondition(
            reference.map { $0.samples == bias.samples && $0.length == bias.length } ?? true,
            "StudentExposure: a reference of other samples")
        let (whole, drawn) = (bias.figures(), bias.resampled(resamples, seed: seed))
        func curve(_ figure: (ExposureBias.Figures) -> [Double]) -> ExposureCurve {
            ExposureCurve(figure(whole), drawn.map(figure), confidence: confidence)
        }
        let difference = reference.map { reference in
            func less(_ a: ExposureBias.Figures, _ b: ExposureBias.Figures) -> [Double] {
                zip(a.excess, b.excess).map { $0 - $1 }
            }
            let others = reference.resampled(resamples, seed: seed)
            return ExposureCurve(
                less(whole, reference.figures()), zip(drawn, others).map(less), confidence: confidence)
        }
        self.init(
            name: name,
            running: RunningSamples(
                groundTruth: bias.running(.groundTruth), student: bias.running(.student),
                teacher: bias.running(.teacher)),
            eTrain: curve(\.eTrain), eTest: curve(\.eTest), e: curve(\.e), gap: curve(\.gap),
            excessPercent: curve(\.excess), excessDifference: difference)
    }

    /// Every student of a measurement, the others' %ExAccErr compared with the first's.
    ///
    /// - Parameters:
    ///   - records: of all samples, the students in the order of `names`
    ///   - length: the largest l
    public static func all(
        _ records: [ExposureRecord], names: [String], length: Int, confidence: Double, resamples: Int,
        seed: UInt64
    ) -> [StudentExposure] {
        let biases = names.indices.map { student in
            ExposureBias(records.map { $0.divergences[student] }, length: length)
        }
        return names.indices.map { student in
            StudentExposure(
                names[student], biases[student], confidence: confidence, resamples: resamples, seed: seed,
                reference: student == 0 ? nil : biases[0])
        }
    }
}

extension ExposureCurve {
    /// - Parameter resamples: each of the curve's length, NaN where undefined
    init(_ curve: [Double], _ resamples: [[Double]], confidence: Double) {
        let bands = curve.indices.map { step -> (low: Double, high: Double)? in
            let found = resamples.map { $0[step] }.filter { !$0.isNaN }.sorted()
            guard !curve[step].isNaN, !found.isEmpty, 10 * found.count >= 9 * resamples.count else {
                return nil
            }
            let outside = (1 - confidence) / 2
            return (quantile(found, outside), quantile(found, 1 - outside))
        }
        self.init(
            value: curve.map { $0.isNaN ? nil : $0 }, low: bands.map { $0?.low },
            high: bands.map { $0?.high })
    }
}

/// The value below which a share of sorted numbers lies, interpolated between neighbours.
func quantile(_ sorted: [Double], _ share: Double) -> Double {
    let place = Double(sorted.count - 1) * share
    let below = Int(place)
    let above = min(below + 1, sorted.count - 1)
    return sorted[below] + (place - Double(below)) * (sorted[above] - sorted[below])
}
