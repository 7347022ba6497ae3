import Foundation
import Synchronization
import Tensors
import Testing
import Training

/// How gradients are cut for their exchange, and that it may begin before all of them are there.
@Suite struct GradientExchangeTests {
    private let counts = [272 * 64, 64, 64 * 64, 64, 176 * 64, 64, 64 * 64, 7, 70_000, 1]

    @Test(arguments: 1...5) func everyElementIsOneRanksAndEveryBucketIsDividedEvenly(ranks: Int) {
        let shares = ParameterShares(counts, ranks: ranks)
        #expect(shares.counts.reduce(0, +) == counts.reduce(0, +))
        for (parameter, count) in counts.enumerated() {
            let ranges = (0..<ranks).flatMap { rank in
                shares.pieces(of: rank, in: parameter..<parameter + 1).map(\.range)
            }
            #expect(ranges.sorted { $0.lowerBound < $1.lowerBound }.flatMap { Array($0) } == Array(0..<count))
        }
        for rank in 0..<ranks {
            var next = 0
            for piece in shares.pieces(of: rank) {
                #expect(piece.rank == rank && piece.offset == next)
                next += piece.range.count
            }
            #expect(next == shares.counts[rank])
        }
        // The last parameters first, all of them, each once.
        #expect(shares.buckets.reversed().flatMap { Array($0) } == Array(counts.indices))
        #expect(shares.buckets.count > 2)
        let spread = shares.buckets.map { bucket in
            let held = (0..<ranks).map { shares.pieces(of: $0, in: bucket).elements }
            return (held.max() ?? 0) - (held.min() ?? 0)
        }
        // Within two pieces.
        #expect(spread.allSatisfy { $0 <= 2 << 15 })
        #expect((shares.counts.max() ?? 0) - (shares.counts.min() ?? 0) <= 1 << 15)
    }

    private func tensor(_ value: Float) -> Tensor { Tensor([value], shape: [1]) }

    @Test func whatIsReadyIsTakenWhileTheRestIsComputed() {
        let sums = LaneSums(parameters: 3, lanes: 4, own: 2)
        for lane in 0..<2 { sums.insert(tensor(Float(lane + 1)), of: 2, lane: lane) }
        // Nothing of parameters 0 and 1 has come.
        #expect(sums.take(2..<3)?.map { $0.map(\.values) } == [[[3]]])
        let taken = Mutex<[[[Float]]]?>(nil)
        let group = DispatchGroup()
        DispatchQueue.global().async(group: group) {
            let found = sums.take(0..<2)?.map { $0.map(\.values) }
            taken.withLock { $0 = found }
        }
        for lane in 0..<2 {
            for parameter in 0..<2 {
                sums.insert(tensor(Float(10 * parameter + lane)), of: parameter, lane: lane)
            }
        }
        group.wait()
        #expect(taken.withLock { $0 } == [[[1]], [[21]]])
    }

    @Test func whoWaitsForCancelledLanesGetsNothing() {
        let sums = LaneSums(parameters: 1, lanes: 1, own: 1)
        DispatchQueue.global().async { sums.cancel() }
        #expect(sums.take(0..<1) == nil)
    }
}
