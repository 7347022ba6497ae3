import Records
import Report
import Testing

@Suite struct ExposureTableTests {
    private func student(_ name: String, difference: Double?) -> StudentExposure {
        func curve(_ values: [Double?]) -> ExposureCurve {
            ExposureCurve(
                value: values, low: values.map { $0.map { $0 - 0.5 } },
                high: values.map { $0.map { $0 + 0.5 } })
        }
        return StudentExposure(
            name: name, running: RunningSamples(groundTruth: [20, 2], student: [20, 20], teacher: [20, 9]),
            eTrain: curve([1, 2]), eTest: curve([1, 3]), e: curve([1, 2]), gap: curve([0, 1]),
            excessPercent: curve([nil, 50]), excessDifference: difference.map { curve([nil, $0]) })
    }

    private func measured(samples: Int) -> ExposureFile {
        ExposureFile(
            teacher: "t", shards: "s", samples: samples, leftOut: 0, length: 2, confidence: 0.95,
            resamples: 20, students: [student("a", difference: nil), student("b", difference: -7)])
    }

    @Test func theTableHasARowForSomeLengthsOfEachStudent() {
        let lines = ExposureTable(measured(samples: 20)).text.split(separator: "\n")
        #expect(
            lines[0]
                == "20 samples; nats added up to token l, [95 % bootstrap band over samples]; running: "
                + "samples that have a token l"
        )
        #expect(lines[1].split(separator: " ").suffix(4).joined(separator: " ") == "less that of a")
        #expect(lines.count == 2 + 2 * 2)
        #expect(lines[3].hasPrefix("a        2        2  2.00 [1.50, 2.50]") && lines[3].hasSuffix("-"))
        #expect(lines[5].hasSuffix("50.0 [49.5, 50.5]  -7.0 [-7.5, -6.5]"))
    }

    /// Two samples run at the second token: a tenth of 20, less than a tenth of 21.
    @Test func lengthsEndWhereATenthOfTheSamplesStillRuns() {
        #expect(measured(samples: 20).shownLength == 2 && measured(samples: 21).shownLength == 1)
    }

    @Test func theCSVHasEveryLengthAndLeavesOpenWhatIsUndefined() {
        let lines = ExposureTable(measured(samples: 20)).csv.split(separator: "\n")
        #expect(lines.count == 1 + 2 * 2)
        #expect(lines[0].hasPrefix("student,l,running_ground_truth,running_student,running_teacher,e_train,"))
        #expect(lines[1] == "a,1,20,20,20,1,0.5,1.5,1,0.5,1.5,1,0.5,1.5,0,-0.5,0.5,,,,,,")
        #expect(lines[4] == "b,2,2,20,9,2,1.5,2.5,3,2.5,3.5,2,1.5,2.5,1,0.5,1.5,50,49.5,50.5,-7,-7.5,-6.5")
    }
}
