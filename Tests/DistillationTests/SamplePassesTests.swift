import Distillation
import Testing

@Suite struct SamplePassesTests {
    private func sums(_ parts: [[Int]], _ lengths: [Int]) -> [Int] {
        parts.map { $0.reduce(0) { $0 + lengths[$1] } }
    }

    @Test func workersGetEqualShares() {
        let lengths = [8, 1, 7, 2, 6, 3, 5, 4]
        let parts = balancedParts(lengths, limit: 1000, multipleOf: 2)
        #expect(sums(parts, lengths) == [18, 18])
        #expect(parts.joined().sorted() == Array(0..<8) && parts.allSatisfy { $0 == $0.sorted() })
    }

    @Test func noPartIsLongerThanTheLimitUnlessOneSampleIs() {
        #expect(balancedParts([60, 60, 60, 60], limit: 100, multipleOf: 2).count == 4)
        #expect(balancedParts([60, 60, 60], limit: 120, multipleOf: 1).count == 2)
        let lengths = [500, 40, 40, 40]
        let parts = balancedParts(lengths, limit: 100, multipleOf: 2)
        #expect(parts.contains([0]) && sums(parts, lengths).filter { $0 > 100 } == [500])
    }

    @Test func fewerSamplesThanWorkersAreAPartEach() {
        #expect(balancedParts([5, 7], limit: 100, multipleOf: 4).sorted { $0[0] < $1[0] } == [[0], [1]])
        #expect(balancedParts([], limit: 100, multipleOf: 4).isEmpty)
    }
}
