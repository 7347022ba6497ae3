import Analysis
import Foundation
import Records
import Testing

@Suite struct ExposureBiasTests {
    /// Two samples. Data: 1, 2, 3 and 3: means 2, 2, 3. Student: 2, 2 and 4, 6: means 3, 4. Teacher: 2 and 2,
    /// 2: means 2, 2.
    private let two: [[ResponseSource: [Float]]] = [
        [.groundTruth: [1, 2, 3], .student: [2, 2], .teacher: [2]],
        [.groundTruth: [3], .student: [4, 6], .teacher: [2, 2]],
    ]

    @Test func curvesAddUpMeansOverTheSamplesThatStillRun() {
        let bias = ExposureBias(two, length: 2)
        let figures = bias.figures()
        #expect(figures.eTrain == [2, 4])
        #expect(figures.eTest == [3, 7])
        #expect(figures.e == [2, 4])
        #expect(figures.gap == [1, 3])
        #expect(figures.excess == [50, 75])
        #expect(bias.running(.groundTruth) == [2, 1])
        #expect(bias.running(.student) == [2, 2])
    }

    @Test func beyondTheLongestResponseACurveIsUndefined() {
        let bias = ExposureBias(two, length: 4)
        let figures = bias.figures()
        #expect(figures.eTrain[2] == 7 && figures.eTrain[3].isNaN)
        #expect(figures.eTest[1] == 7 && figures.eTest[2].isNaN)
        #expect(figures.excess[2].isNaN)
        let curves = StudentExposure("s", bias, confidence: 0.9, resamples: 50, seed: 1)
        #expect(curves.eTest.value == [3, 7, nil, nil] && curves.eTest.low[2] == nil)
        #expect(curves.running.teacher == [2, 1, 0, 0])
    }

    @Test func responsesOfOneTokenGiveOneStep() {
        let bias = ExposureBias(
            (0..<3).map { _ in [.groundTruth: [0.5], .student: [0.25], .teacher: [0.25]] }, length: 3)
        let curves = StudentExposure("s", bias, confidence: 0.95, resamples: 20, seed: 1)
        #expect(curves.eTrain.value == [0.5, nil, nil])
        #expect(curves.excessPercent.value == [0, nil, nil])
        // Equal samples leave no doubt.
        #expect(curves.eTrain.low[0] == 0.5 && curves.eTrain.high[0] == 0.5)
    }

    @Test func aStudentThatIsItsTeacherHasNoExcess() {
        let bias = ExposureBias(
            [[.groundTruth: [0, 1e-9], .student: [0, 0], .teacher: [1e-8, 0]]], length: 2)
        #expect(
            StudentExposure("s", bias, confidence: 0.95, resamples: 5, seed: 0).excessPercent.value == [
                nil, nil,
            ])
    }

    @Test func countingASampleTwiceIsHavingItTwice() {
        let counted = ExposureBias(two, length: 3).figures(counts: [2, 1])
        let doubled = ExposureBias([two[0], two[0], two[1]], length: 3).figures()
        #expect(counted.eTrain == doubled.eTrain)
        #expect(counted.eTest[..<2] == doubled.eTest[..<2])
        #expect(counted.e[..<2] == doubled.e[..<2])
    }

    /// 400 samples of one step, half of them 0 and half of them 2: mean 1, standard deviation 1, so the
    /// mean's standard error is 0.05 and the 95 % band 0.902 to 1.098.
    @Test func bandsAreThoseOfTheStandardErrorWhereThatIsKnown() throws {
        let samples = (0..<400).map { index -> [ResponseSource: [Float]] in
            let value: Float = index % 2 == 0 ? 0 : 2
            return [.groundTruth: [value], .student: [value], .teacher: [1]]
        }
        let bias = ExposureBias(samples, length: 1)
        let curves = StudentExposure("s", bias, confidence: 0.95, resamples: 2000, seed: 3)
        let (low, high) = (try #require(curves.eTrain.low[0]), try #require(curves.eTrain.high[0]))
        #expect(abs(low - 0.902) < 0.012 && abs(high - 1.098) < 0.012)
        // Along one sample the two kinds are the same numbers, so their difference is certain.
        #expect(curves.gap.low == [0] && curves.gap.high == [0])
        let again = StudentExposure("s", bias, confidence: 0.95, resamples: 2000, seed: 3)
        #expect(again.eTrain == curves.eTrain)
    }

    /// Each student's excess depends on which samples are drawn; their difference does not.
    @Test func studentsAreComparedOverTheSameResamples() throws {
        func student(_ values: [Float]) -> ExposureBias {
            ExposureBias(
                values.map { [.groundTruth: [1], .student: [$0], .teacher: [1]] }, length: 1)
        }
        let (first, second) = (student([1, 2, 1, 2]), student([1.5, 2.5, 1.5, 2.5]))
        let curves = StudentExposure(
            "s", second, confidence: 0.95, resamples: 200, seed: 2, reference: first)
        // Half a nat more on each sample: whatever is drawn, the difference is 50 points.
        #expect(curves.excessDifference?.value == [50])
        #expect(curves.excessDifference?.low == [50] && curves.excessDifference?.high == [50])
        let (low, high) = (
            try #require(curves.excessPercent.low[0]), try #require(curves.excessPercent.high[0])
        )
        #expect(high - low > 20)
    }
}
