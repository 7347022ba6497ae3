import TestSupport
import Testing
import Training

/// How a step is cut and summed, for all numbers of lanes and ranks, those that do not divide included.
@Suite struct LaneTreeTests {
    /// Sums of floats of very different sizes: another order of additions gives other bits.
    private func value(_ lane: Int) -> Float { [1e7, 0.1, -3e6, 7.3, 1e-3][lane % 5] * Float(1 + lane) / 3 }

    private func tree(_ lanes: Int) -> LaneTree<Float> { LaneTree(lanes: lanes) { $0 + $1 } }

    @Test(arguments: 1...20) func theSumDoesNotDependOnWhoAddsNorOnTheOrder(lanes: Int) {
        var alone = tree(lanes)
        for lane in 0..<lanes { alone.insert(value(lane), lane: lane) }
        let expected = alone.sums
        #expect(expected.count == 1)
        for ranks in 1...16 {
            // Every rank sums what it can, in an order of its own; then somebody puts the sums together.
            var whole = tree(lanes)
            for rank in (0..<ranks).reversed() {
                let range = lanes * rank / ranks..<lanes * (rank + 1) / ranks
                var own = tree(lanes)
                for lane in range.reversed() { own.insert(value(lane), lane: lane) }
                #expect(own.sums.map(\.node) == LaneTree<Void>.nodes(of: range, lanes: lanes))
                for (node, sum) in own.sums { whole.insert(sum, at: node) }
            }
            #expect(whole.sums.map(\.sum.bitPattern) == expected.map(\.sum.bitPattern), "\(ranks) ranks")
        }
    }

    /// Else the test above would notice nothing.
    @Test func anotherOrderOfThoseValuesGivesOtherBits() {
        #expect(
            (2...20).contains { lanes in
                var alone = tree(lanes)
                for lane in 0..<lanes { alone.insert(value(lane), lane: lane) }
                return (0..<lanes).map(value).reduce(0, +) != alone.sums[0].sum
            })
    }

    @Test func oneToSixteenRanksHaveTheSamplesOfAStepInTheSameLanes() {
        let rows = (0..<37).map { 20 + $0 * 31 % 97 }
        let lanes = StepLanes(rows: rows, lanes: 16)
        let samples = (0..<lanes.count).map { lanes.passes(ofLane: $0, limit: 150) }
        #expect(samples.flatMap { $0 }.flatMap { $0 }.sorted() == Array(rows.indices))
        for pass in samples.flatMap({ $0 }) where pass.count > 1 {
            #expect(pass.reduce(0) { $0 + rows[$1] } <= 150)
        }
        for ranks in 1...16 {
            let divided = lanes.divided(over: ranks)
            #expect(divided.count == ranks && divided.flatMap { Array($0) } == Array(0..<lanes.count))
        }
        // Balanced: no lane has a sample's length more than another.
        let sums = samples.map { $0.flatMap { $0 }.reduce(0) { $0 + rows[$1] } }
        #expect((sums.max() ?? 0) - (sums.min() ?? 0) <= rows.max() ?? 0)
        // Fewer samples than lanes: each its own.
        #expect(StepLanes(rows: [5, 6, 7], lanes: 16).count == 3)
    }
}
