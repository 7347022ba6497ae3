import Files
import Foundation
import Records
import TestSupport
import Testing

@Suite struct TrainingTotalsTests {
    private func step(_ samples: Int) -> StepMetrics {
        var step = StepMetrics()
        (step.samples, step.tokens, step.supervisedTokens) = (samples, 100, 20)
        (step.studentPasses, step.studentRows, step.residentBytes) = (8, 240, 500 - samples)
        (step.seconds.student, step.seconds.backward) = (1.5, 2)
        return step
    }

    @Test func stepsAddUpAndSamplesAreARunningCount() throws {
        let totals = TrainingTotals([step(4), step(8)])
        #expect(totals.samplesSeen == 8 && totals.tokens == 200 && totals.trainingSeconds == 7)
        #expect(totals.residentBytes == 496)
        // Rows of all passes over samples, not tokens over samples.
        #expect(totals.perSample(totals.studentRows) == 60)
        #expect(TrainingTotals([]).perSample(0) == nil)
    }

    @Test func aReceiptKeepsThemByTheirNames() throws {
        let totals = TrainingTotals([step(4)])
        let counts = JSONValue.object(JSONObject(try totals.counts()))
        #expect(counts["samples_seen"] == 4 && counts["student_rows"] == 240)
        #expect(counts["training_seconds"] == 3.5)
        let file = URL(fileURLWithPath: "/run/receipt.json")
        #expect(try TrainingTotals(counts: counts, file: file) == totals)
        #expect(
            throws: RecordError.field(
                file: "/run/receipt.json", line: nil, field: "samples_seen", problem: "is absent")
        ) { try TrainingTotals(counts: ["steps": 3], file: file) }
    }

    @Test func aLineThatIsNoStepIsNamed() throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent(MetricsFile.file)
            var text = String(decoding: try RecordFormat.line(step(4)), as: UTF8.self) + "\n"
            text += text.replacingOccurrences(of: "\"tokens\":100", with: "\"tokens\":\"many\"")
            try AtomicOutput.writeAtomically(text + "{\n", to: file)
            let (steps, problems) = try MetricsFile.read(file)
            #expect(steps.count == 1)
            #expect(
                problems.first
                    == .field(file: file.path, line: 2, field: "tokens", problem: "is not an integer"))
            #expect(problems.count == 2 && "\(problems[1])".hasPrefix("\(file.path):3: "))
            #expect(throws: problems[0]) { try TrainingTotals(folder: folder) }
        }
    }
}
