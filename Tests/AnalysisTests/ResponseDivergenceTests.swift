import AlignmentSupport
import Analysis
import Autograd
import Distillation
import Files
import Foundation
import Models
import TestSupport
import Testing

/// The golden trajectories of exposure.safetensors: prompts with given responses of all three kinds, and the
/// curves over them.
@Suite struct ResponseDivergenceTests {
    private static let kinds: [(source: ResponseSource, name: String)] = [
        (.groundTruth, "ground_truth"), (.student, "student_sampled"), (.teacher, "teacher_sampled"),
    ]

    /// Prompt `index` of a fixture with one of its responses; picture `index` of the batch, where the prompt
    /// has one.
    private func sample(_ golden: SafeTensorsFile, _ index: Int, _ name: String, imageID: Int32) throws
        -> AlignmentSample
    {
        let prompt = try golden.integers("sample\(index)/prompt_ids").map { Int32($0) }
        let response = try golden.integers("sample\(index)/\(name)_ids").map { Int32($0) }
        let places = prompt.indices.filter { prompt[$0] == imageID }
        return AlignmentSample(
            id: "sample \(index)", inputIDs: prompt + response,
            labels: prompt.map { _ in -100 } + response, instruction: [],
            visual: places.first.map { $0..<$0 + places.count }, image: places.isEmpty ? nil : index,
            key: UInt64(index))
    }

    private func isClose(_ found: [Double], _ expected: [Float], _ what: String) {
        #expect(found.count == expected.count, "\(what)")
        for (a, b) in zip(found, expected) {
            #expect(abs(a - Double(b)) <= 1e-5 + 1e-4 * abs(Double(b)), "\(what): \(a), expected \(b)")
        }
    }

    @Test(arguments: Fixtures.cases("models", with: "exposure.safetensors"))
    func divergencesAndCurvesAreThoseOfPyTorch(folder: URL) throws {
        let fixture = try ModelFixture(folder)
        let golden = try fixture.golden("exposure")
        let (student, teacher) = (try fixture.student(trainable: []), try fixture.teacher())
        let imageID = Int32(student.configuration.imageTokenID)
        var samples = 0
        while golden.contains("sample\(samples)/prompt_ids") { samples += 1 }
        #expect(samples >= 4)
        var found = [[ResponseSource: [Float]]](repeating: [:], count: samples)
        for (source, name) in Self.kinds {
            let batch = AlignmentBatch(
                samples: try (0..<samples).map { try sample(golden, $0, name, imageID: imageID) },
                images: fixture.batch.images)
            let divergences = responseDivergences(
                batch, teacher: try ResponseStates(teacher, batch),
                student: try ResponseStates(student, batch))
            for index in 0..<samples {
                found[index][source] = divergences[index]
                isClose(
                    divergences[index].map(Double.init), try golden.floats("sample\(index)/\(name)_kl"),
                    "sample \(index), \(name)")
            }
        }
        let length = try golden.floats("E").count
        let figures = ExposureBias(found, length: length).figures()
        isClose(figures.eTrain, try golden.floats("E_train"), "E_train")
        isClose(figures.eTest, try golden.floats("E_test"), "E_test")
        isClose(figures.eTest, try golden.floats("R"), "R")
        isClose(figures.e, try golden.floats("E"), "E")
        // Differences of sums around 40: the tolerance is that of the sums.
        for (gap, expected) in zip(figures.gap, try golden.floats("gap")) {
            #expect(abs(gap - Double(expected)) < 2e-3)
        }
        for (excess, expected) in zip(figures.excess, try golden.floats("ExAccErr_percent")) {
            #expect(abs(excess - Double(expected)) < 0.01)
        }
    }

    @Test func aModelDoesNotDivergeFromItself() throws {
        let fixture = try ModelFixture(tinyModel)
        let model = try fixture.teacher()
        let states = try ResponseStates(model, fixture.batch)
        let found = responseDivergences(fixture.batch, teacher: states, student: states)
        #expect(found.map(\.count) == fixture.batch.samples.map { $0.responsePositions.count })
        #expect(found.joined().allSatisfy { abs($0) < 1e-6 })
    }
}
