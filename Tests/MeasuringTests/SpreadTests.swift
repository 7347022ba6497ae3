import Measuring
import Testing

@Suite struct SpreadTests {
    @Test func theMedianIsTheMiddleOfAnOddNumberOfRuns() {
        let spread = Spread([5, 1, 3])
        #expect((spread.median, spread.least, spread.most) == (3, 1, 5))
        #expect(spread.runs == 3)
    }

    @Test func theMedianOfAnEvenNumberIsTheMeanOfTheTwoInTheMiddle() {
        #expect(Spread([4, 1, 10, 2]).median == 3)
        #expect(Spread([7]).median == 7)
    }
}
