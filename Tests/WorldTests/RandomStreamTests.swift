import Testing
import World

@Suite struct RandomStreamTests {
    @Test func aStreamIsAFunctionOfSeedPurposeAndIndex() {
        func first(_ seed: UInt64, _ purpose: String, _ index: Int) -> [UInt64] {
            var stream = RandomStream(seed: seed, purpose: purpose, index: index)
            return (0..<4).map { _ in stream.next() }
        }
        #expect(first(1, "a", 2) == first(1, "a", 2))
        let others = [
            first(2, "a", 2), first(1, "b", 2), first(1, "a", 3), first(1, "a", 0), first(0, "a", 2),
        ]
        for other in others { #expect(other != first(1, "a", 2)) }
        #expect(Set(others.map { $0[0] }).count == others.count)
    }

    /// 7 values, 70,000 draws: the standard deviation of a count is 93.
    @Test func integersAreEven() {
        var stream = RandomStream(seed: 3, purpose: "even")
        var counts = [Int](repeating: 0, count: 7)
        for _ in 0..<70_000 { counts[stream.below(7)] += 1 }
        for count in counts { #expect(abs(count - 10_000) < 500) }
    }

    @Test func weightsAreKept() {
        var stream = RandomStream(seed: 3, purpose: "weights")
        var counts = [0, 0, 0]
        for _ in 0..<40_000 { counts[stream.weighted([1, 0, 3])] += 1 }
        #expect(counts[1] == 0)
        #expect(abs(counts[0] - 10_000) < 500)
    }

    @Test func shufflingKeepsTheElements() {
        var stream = RandomStream(seed: 3, purpose: "shuffle")
        let shuffled = stream.shuffled(Array(0..<100))
        #expect(shuffled != Array(0..<100))
        #expect(shuffled.sorted() == Array(0..<100))
    }

    @Test func unitStaysBelowOne() {
        var stream = RandomStream(seed: 3, purpose: "unit")
        let values = (0..<10_000).map { _ in stream.unit() }
        #expect(values.allSatisfy { $0 >= 0 && $0 < 1 })
        #expect(abs(values.reduce(0, +) / 10_000 - 0.5) < 0.02)
    }
}
