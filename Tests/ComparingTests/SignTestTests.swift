import Comparing
import Testing

@Suite struct SignTestTests {
    /// Coins: (1 + 6) / 2^6 twice; 1 / 2^5 twice; even; none.
    @Test func probabilitiesAreThoseOfACoin() {
        let cases: [(wins: Int, losses: Int, p: Double)] = [
            (1, 5, 14.0 / 64), (0, 5, 2.0 / 32), (5, 1, 14.0 / 64), (3, 3, 1), (0, 0, 1), (2, 3, 1),
        ]
        for (wins, losses, p) in cases {
            #expect(abs(SignTest(wins: wins, losses: losses).p - p) < 1e-12)
        }
    }

    @Test func largeCountsDoNotOverflow() {
        // 1,100 to 900: z = 4.47 with a continuity correction of 1 / sqrt(2000) gives p = 8e-6.
        let p = SignTest(wins: 1100, losses: 900).p
        #expect(p > 7e-6 && p < 9e-6)
        #expect(SignTest(wins: 20_000, losses: 20_000).p == 1)
    }

    @Test func onlyQuestionsThatDifferCount() {
        let test = SignTest([1, 1, 0, 0.3, 0], [0, 1, 0, 0.6, 0])
        #expect(test.wins == 1 && test.losses == 1 && test.p == 1)
    }
}
