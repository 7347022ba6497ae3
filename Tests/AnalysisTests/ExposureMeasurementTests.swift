import AlignmentSupport
import Analysis
import Distillation
import Files
import Foundation
import Models
import Records
import Shards
import TestSupport
import Testing

@Suite struct ExposureMeasurementTests {
    private func withDataset(_ samples: Int = 12, _ body: (ShardDataset, URL) throws -> Void) throws {
        try withTemporaryFolder { try body(try tinyDataset(in: $0, samples: samples), $0) }
    }

    /// Teacher and students of 272 ids and more; the end id is that of the tiny data, `<|endoftext|>`.
    private func measurement(
        _ dataset: ShardDataset, students: [String] = ["student", "teacher"],
        _ change: (inout ExposureSettings) -> Void = { _ in }
    ) throws -> ExposureMeasurement {
        func model(_ role: String) throws -> LlavaModel {
            try LlavaModel(folder: tinyModel.appendingPathComponent(role))
        }
        var settings = ExposureSettings()
        (settings.length, settings.microBatchRows, settings.slots, settings.seed) = (8, 150, 4, 3)
        change(&settings)
        return try ExposureMeasurement(
            teacher: try model("teacher"), students: try students.map(model), dataset: dataset,
            endOfSequenceIDs: [try end(dataset)], settings: settings)
    }

    private func end(_ dataset: ShardDataset) throws -> Int32 {
        try #require(try dataset.sample(0).labels.last)
    }

    private func records(_ measurement: ExposureMeasurement, from start: Int = 0) throws -> [ExposureRecord] {
        var records: [ExposureRecord] = []
        try measurement.run(from: start) { records += $0 }
        return records
    }

    @Test func aWalkBeyondTheModelsPositionsIsRefused() throws {
        try withDataset { dataset, _ in
            #expect { try measurement(dataset) { $0.length = 500 } } throws: {
                guard case .tooLong(_, _, let tokens, 512) = $0 as? AnalysisError else { return false }
                return tokens > 512
            }
        }
    }

    @Test func everySampleIsWalkedAlongAllThreeKindsOfResponses() throws {
        try withDataset { dataset, _ in
            let measurement = try measurement(dataset)
            let found = try records(measurement)
            #expect(found.map(\.number) == Array(0..<12) && measurement.count == 12)
            for record in found {
                let sample = try dataset.sample(record.number)
                let truth = min(8, sample.labels.count { $0 >= 0 })
                #expect(record.id == sample.id && record.divergences.count == 2)
                for student in record.divergences {
                    #expect(student[.groundTruth]?.count == truth)
                    for source in [ResponseSource.student, .teacher] {
                        #expect((1...8).contains(student[source]?.count ?? 0))
                    }
                    #expect(student.values.joined().allSatisfy { $0 >= -1e-6 })
                }
                // The first token of every response is predicted from the same prompt.
                let first = record.divergences[0].values.compactMap(\.first)
                #expect(first.allSatisfy { abs($0 - first[0]) < 1e-4 } && first[0] > 0.1)
                // The teacher as its own student: it says what the teacher says, and agrees with it.
                let own = record.divergences[1]
                #expect(own[.student]?.count == own[.teacher]?.count)
                #expect(own.values.joined().allSatisfy { abs($0) < 1e-5 })
            }
        }
    }

    @Test func divergencesAlongTheDataAreThoseOfTheLosses() throws {
        try withDataset { dataset, _ in
            let found = try records(try measurement(dataset) { $0.length = 64 })
            let fixture = try ModelFixture(tinyModel)
            let (student, teacher) = (try fixture.student(trainable: []), try fixture.teacher())
            let batch = try AlignmentBatch(dataset, numbers: Array(0..<12))
            let result = try AlignmentLoss(
                student: student, teacher: teacher,
                objective: AlignmentObjective(weights: LossTerms(kd: 1)))(
                    batch, totals: StepTotals(supervisedTokens: batch.supervisedTokens, samples: 12),
                    candidates: .drawn(seed: 0, step: 0))
            let values = found.flatMap { $0.divergences[0][.groundTruth] ?? [] }.map(Double.init)
            #expect(values.count == batch.supervisedTokens)
            let mean = values.reduce(0, +) / Double(values.count)
            #expect(abs(mean - result.terms.kd) < 1e-5 * result.terms.kd)
        }
    }

    @Test func anotherStudentBesideItChangesNothing() throws {
        try withDataset { dataset, _ in
            let (one, two) = (
                try records(try measurement(dataset, students: ["student"])),
                try records(try measurement(dataset))
            )
            for (a, b) in zip(one, two) {
                for source in ResponseSource.allCases {
                    let pair = (a.divergences[0][source] ?? [], b.divergences[0][source] ?? [])
                    #expect(difference(pair.0, pair.1).difference < 1e-4)
                }
            }
        }
    }

    @Test func aMeasurementGoesOnWhereItsFileEnds() throws {
        try withDataset { dataset, folder in
            let names = ["small", "large"]
            let measurement = try measurement(dataset)
            let straight = try records(measurement)
            let file = folder.appendingPathComponent("out/samples.jsonl")
            var opened = try ExposureRecords.open(file, students: names, measurement: measurement)
            #expect(opened.known.isEmpty)
            struct Stop: Error {}
            var parts = 0
            #expect(throws: Stop.self) {
                try measurement.run { chunk in
                    try opened.file.append(chunk)
                    parts += 1
                    if parts == 2 { throw Stop() }
                }
            }
            // A line that was being written when the process died.
            let text = try String(contentsOf: file, encoding: .utf8)
            try AtomicOutput.writeAtomically(text + #"{"sample": 4, "id": "#, to: file)
            opened = try ExposureRecords.open(file, students: names, measurement: measurement)
            #expect(opened.known.count > 2 && opened.known.count < 12)
            #expect(opened.known == Array(straight.prefix(opened.known.count)))
            let rest = try records(measurement, from: opened.known.count)
            #expect((opened.known + rest).map(\.number) == straight.map(\.number))
            for (a, b) in zip(opened.known + rest, straight) {
                let pair = [a, b].map { $0.divergences[0][.groundTruth] ?? [] }
                #expect(difference(pair[0], pair[1]).difference < 1e-5)
            }
            #expect {
                try ExposureRecords.open(file, students: ["other", "large"], measurement: measurement)
            } throws: { "\($0)".contains("line 1") }
        }
    }

    @Test func answersThatAreTooShortAreLeftOut() throws {
        try withDataset { dataset, _ in
            let lengths = try (0..<12).map { try dataset.sample($0).labels.count { $0 >= 0 } }
            let least = try #require(lengths.max())
            let measurement = try measurement(dataset) { $0.minimumResponse = least }
            #expect(measurement.count == lengths.count { $0 == least } && measurement.count < 12)
            #expect {
                try self.measurement(dataset) { $0.minimumResponse = 100 }
            } throws: { "\($0)".contains("minimum_response") && "\($0)".contains("12 samples") }
            #expect(try self.measurement(dataset) { $0.samples = 2 }.count == 2)
        }
    }

    @Test func oneTokenIsEnough() throws {
        try withDataset { dataset, _ in
            let found = try records(try measurement(dataset) { $0.length = 1 })
            #expect(found.allSatisfy { $0.divergences.allSatisfy { $0.values.allSatisfy { $0.count == 1 } } })
            let students = StudentExposure.all(
                found, names: ["small", "large"], length: 1, confidence: 0.95, resamples: 20, seed: 1)
            #expect(students.map(\.name) == ["small", "large"])
            // Nothing is sampled yet at the first token: R is E.
            let excess = try #require(students[0].excessPercent.value[0])
            #expect(abs(excess) < 0.01)
            #expect(students[1].excessPercent.value == [nil])
        }
    }
}
