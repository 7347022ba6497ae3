import Stage
import Testing

@Suite struct SparklineTests {
    @Test func aFallingLossIsAFallingLine() {
        #expect(Sparkline.text([8, 7, 6, 5, 4, 3, 2, 1], width: 8) == "█▇▆▅▄▃▂▁")
    }

    @Test func neighboursShareACharacter() {
        #expect(Sparkline.text([1, 1, 9, 9], width: 2) == "▁█")
        #expect(Sparkline.text([], width: 5) == "" && Sparkline.text([1], width: 0) == "")
        #expect(Sparkline.text([3, 3, 3], width: 5) == "▁▁▁")
        #expect(Sparkline.text([.nan, 1, .infinity, 2], width: 4) == " ▁ █")
    }

    /// 20 characters: the first two do not decide the height, and stand at the top.
    @Test func theFirstStepsDoNotFlattenTheRest() {
        let values = [100.0, 50] + (1...18).map { 20 - Double($0) }
        let text = Sparkline.text(values, width: 20)
        #expect(text.hasPrefix("███") && text.hasSuffix("▁") && Set(text).count == 8)
    }
}
