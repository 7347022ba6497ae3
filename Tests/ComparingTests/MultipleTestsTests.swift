import Comparing
import Testing

@Suite struct MultipleTestsTests {
    /// Holm (1979): 0.01 · 4, 0.02 · 3, 0.03 · 2 = 0.06 (not below the one before), 0.04 · 1 likewise.
    @Test func pIsCorrectedStepByStep() {
        let corrected = holm([0.04, 0.01, 0.03, 0.02])
        for (found, expected) in zip(corrected, [0.06, 0.04, 0.06, 0.06]) {
            #expect(abs(found - expected) < 1e-12)
        }
        #expect(holm([0.6, 0.7]) == [1, 1] && holm([]) == [])
    }

    /// Exact powers of the t test (G*Power 3.1, paired, two-sided, 5 %, 80 %): 34 for d = 0.5, 10 for d = 1,
    /// 199 for d = 0.2.
    @Test func replicatesAreThoseOfTheExactPower() {
        #expect(replicatesNeeded(difference: 1, deviation: 2) == 34)
        #expect(replicatesNeeded(difference: 2, deviation: 2) == 10)
        #expect(replicatesNeeded(difference: 1, deviation: 5) == 199)
        #expect(replicatesNeeded(difference: 5, deviation: 0) == 2)
    }
}
