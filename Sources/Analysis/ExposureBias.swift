import Tensors

/// Author of a response.
public enum ResponseSource: String, Codable, CaseIterable, Sendable {
    /// The data's.
    case groundTruth = "ground_truth"
    case student, teacher
}

/// Exposure bias of a student (appendix B.4, Eq. 9-13) from its divergences along responses of three kinds.
///
/// `A(l)` of a kind is the sum over t = 1..l of the mean of `KL_t` over the samples that still run at step t:
/// those with T >= t tokens. It is undefined (NaN here) from the first step on at which no sample runs.
public struct ExposureBias: Sendable {
    /// The curves for l = 1... `length`; NaN where undefined.
    public struct Figures: Sendable, Equatable {
        /// Eq. 9: along the data's responses.
        public var eTrain: [Double]
        /// Eq. 10, and R(l) of Eq. 12, which is the same: along the student's own.
        public var eTest: [Double]
        /// Eq. 13: along the teacher's.
        public var e: [Double]
        /// Eq. 11: 100 (R - E) / E, percent; undefined where E is no more than rounding.
        public var excess: [Double] {
            zip(eTest, e).map { $1 > ExposureBias.rounding ? 100 * ($0 - $1) / $1 : .nan }
        }
        /// E_test - E_train.
        public var gap: [Double] { zip(eTest, eTrain).map { $0 - $1 } }
    }

    /// Nats a sum of float32 divergences may differ from 0 when two models are one.
    static let rounding = 1e-6

    /// Number of samples.
    public let samples: Int
    /// The largest l.
    public let length: Int
    private let walks: [ResponseSource: Walks]

    /// One kind's divergences, side by side.
    private struct Walks: Sendable {
        var values: [Double]  // [samples, length], 0 beyond a sample's end
        var lengths: [Int]  // [samples]
    }

    /// - Parameters:
    ///   - divergences: of each sample and kind: `KL_t` for t = 1..T, whatever T; what lies beyond `length`
    ///     is not used
    ///   - length: the largest l
    public init(_ divergences: [[ResponseSource: [Float]]], length: Int) {
        precondition(length > 0, "ExposureBias: length \(length)")
        (samples, self.length) = (divergences.count, length)
        var walks: [ResponseSource: Walks] = [:]
        for source in ResponseSource.allCases {
            var walk = Walks(values: Array(repeating: 0, count: divergences.count * length), lengths: [])
            for (sample, kinds) in divergences.enumerated() {
                let values = (kinds[source] ?? []).prefix(length)
                for (step, value) in values.enumerated() {
                    walk.values[sample * length + step] = Double(value)
                }
                walk.lengths.append(values.count)
            }
            walks[source] = walk
        }
        self.walks = walks
    }

    /// Samples whose response of a kind has at least l tokens, for l = 1... `length`.
    public func running(_ source: ResponseSource) -> [Int] {
        let lengths = walks[source]?.lengths ?? []
        return (0..<length).map { step in lengths.count { $0 > step } }
    }

    /// The curves.
    ///
    /// - Parameter counts: how often each sample counts; nil: once
    public func figures(counts: [Int]? = nil) -> Figures {
        precondition(counts.map { $0.count == samples } ?? true, "ExposureBias: counts of other samples")
        return Figures(
            eTrain: accumulated(.groundTruth, counts), eTest: accumulated(.student, counts),
            e: accumulated(.teacher, counts))
    }

    /// The curves of resamples: as many samples, drawn with replacement. A resample of the same seed holds
    /// the same samples for every student, so that students can be compared resample by resample.
    public func resampled(_ count: Int, seed: UInt64) -> [Figures] {
        parallelMap(count) { resample in
            var random = CounterRandom(seed, 0xB007, UInt64(resample))
            var counts = [Int](repeating: 0, count: samples)
            for _ in 0..<samples { counts[Int(random.uniform() * Double(samples))] += 1 }
            return figures(counts: counts)
        }
    }

    private func accumulated(_ source: ResponseSource, _ counts: [Int]?) -> [Double] {
        guard let walk = walks[source] else { return [] }
        var sums = [Double](repeating: 0, count: length)
        var running = [Int](repeating: 0, count: length)
        for sample in 0..<samples {
            let count = counts?[sample] ?? 1
            guard count > 0 else { continue }
            for step in 0..<walk.lengths[sample] {
                sums[step] += Double(count) * walk.values[sample * length + step]
                running[step] += count
            }
        }
        var total = 0.0
        return zip(sums, running).map { sum, running in
            total += running > 0 ? sum / Double(running) : .nan
            return total
        }
    }
}
