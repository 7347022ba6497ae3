import Answering
import Settings
import Testing

@Suite struct AnswerFilterTests {
    private func problem(
        _ text: String = "red", tokens: Int = 3, logProbability: Double = -0.5, agreement: Double? = 0.5,
        isCut: Bool = false, _ change: (inout AnswerFilter) -> Void = { _ in }
    ) -> DrawnAnswer.Problem? {
        var filter = AnswerFilter()
        change(&filter)
        return filter.problem(
            of: DrawnAnswer(
                draw: 0, text: text, tokens: tokens, logProbability: logProbability, agreement: agreement,
                isCut: isCut))
    }

    @Test func whatNoShardCouldHoldIsNeverKept() {
        #expect(problem() == nil)
        #expect(problem("") == .empty)
        #expect(problem("an <image>") == .imageMarker)
        // A combining mark hides the marker from Swift's characters, and not from packing.
        #expect(problem("an <image>\u{301}") == .imageMarker)
    }

    @Test func anAnswerWithoutAnEndIsKeptOnlyWhereTheRecipeSaysSo() {
        #expect(problem(isCut: true) == .cut)
        #expect(problem(isCut: true) { $0.keepsCut = true } == nil)
    }

    @Test func thresholdsAreTheLeastThatPasses() {
        #expect(problem(logProbability: -0.5) { $0.minimumLogProbability = -0.5 } == nil)
        #expect(problem(logProbability: -0.51) { $0.minimumLogProbability = -0.5 } == .improbable)
        #expect(problem(agreement: 0.5) { $0.minimumAgreement = 0.5 } == nil)
        #expect(problem(agreement: 0.49) { $0.minimumAgreement = 0.5 } == .disagreeing)
        #expect(problem(agreement: nil) { $0.minimumAgreement = 1 } == nil)
        #expect(problem(tokens: 3) { $0.longest = 3 } == nil)
        #expect(problem(tokens: 4) { $0.longest = 3 } == .long)
    }

    @Test func greedyAnswersAreNotDrawnTwice() {
        var settings = WritingSettings()
        settings.samples = 2
        #expect { try settings.check() } throws: {
            ($0 as? SettingProblem).map { "\($0)".contains("samples") } == true
        }
        settings.decoding = .sampled
        #expect(throws: Never.self) { try settings.check() }
    }

    @Test func whatIsSaidOfDrawsIsNoSettingOfGreedyAnswers() throws {
        for (key, set) in [
            ("temperature", { $0.temperature = 0.7 }), ("top_p", { $0.topP = 0.9 }),
            ("seed", { $0.seed = 1 }),
        ] as [(String, (inout WritingSettings) -> Void)] {
            var settings = WritingSettings()
            set(&settings)
            #expect { try settings.check() } throws: { ($0 as? SettingProblem)?.key == key }
            settings.decoding = .sampled
            try settings.check()
        }
    }
}
