import Testing
import Training

@Suite struct LossWatchTests {
    /// Losses of 4 ± 0.5 have a deviation of 0.5: far above is more than 8, twice their mean.
    @Test func aLossFarAboveThoseBeforeItIsNoticedAndNoOther() {
        let usual = (0..<LossWatch.window).map { $0 % 2 == 0 ? 3.5 : 4.5 }
        var watch = LossWatch(usual)
        #expect(watch.mean(exceededBy: 7.9) == nil)
        watch = LossWatch(usual)
        #expect(watch.mean(exceededBy: 8.1) == 4)
    }

    /// Of single samples losses differ much: 0 or 8 has a deviation of 4, so that 24 is not far above.
    @Test func whatDiffersMuchMayDifferMore() {
        var watch = LossWatch((0..<LossWatch.window).map { $0 % 2 == 0 ? 0 : 8 })
        #expect(watch.mean(exceededBy: 24) == nil)
        #expect(watch.mean(exceededBy: 40) != nil)
    }

    @Test func theFirstStepsAndARisingLossAreNotNoticed() {
        var watch = LossWatch([])
        for loss in [1.0, 100, 2, 3] { #expect(watch.mean(exceededBy: loss) == nil) }
        watch = LossWatch([])
        for step in 0..<200 { #expect(watch.mean(exceededBy: 1 + Double(step) * 0.1) == nil) }
    }
}
