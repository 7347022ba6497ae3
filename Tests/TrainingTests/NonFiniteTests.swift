import AlignmentSupport
import Distillation
import Files
import Foundation
import Models
import Records
import Shards
import TestSupport
import Testing
import Training

/// Steps whose loss or gradient is not a finite number.
@Suite struct NonFiniteTests {
    private func settings(_ weights: LossTerms = LossTerms(sft: 1)) -> TrainingSettings {
        var settings = TrainingSettings()
        (settings.weights, settings.candidates.count, settings.saliencyLayer) = (weights, 3, 1)
        (settings.batchSize, settings.optimizer.learningRate, settings.steps) = (1, 1e-3, 12)
        (settings.stateEvery, settings.skipNonfinite, settings.trainable) = (1, 100, [.language])
        return settings
    }

    /// Of a student whose projector makes NaN of every picture: two of three samples have one.
    private func trainer(
        _ dataset: ShardDataset, _ settings: TrainingSettings, part: ModelPart? = .projector,
        endOfSequenceIDs: Set<Int32> = []
    ) throws -> Trainer {
        let fixture = try ModelFixture(tinyModel)
        let student = try fixture.student(trainable: [.language])
        for parameter in student.parameters(of: Set([part].compactMap { $0 })) {
            parameter.value.data.pointer[0] = .nan
            parameter.value.dataChanged()
        }
        return try Trainer(
            student: student, teacher: settings.weights.needsTeacher ? try fixture.teacher() : nil,
            cached: nil, dataset: dataset, settings: settings,
            plan: TeacherPlan(settings.objective()), endOfSequenceIDs: endOfSequenceIDs)
    }

    private func weights(_ trainer: Trainer) -> [[Float]] {
        trainer.student.parameters(of: [.language]).map { $0.value.data.values }
    }

    /// The tensors of the newest state: weights and moments.
    private func state(_ folder: URL) throws -> (updates: String?, values: [[Float]]) {
        let file = try SafeTensorsFile(folder.appendingPathComponent("state.safetensors"))
        return (file.metadata["updates"], try file.names.sorted().map { try file.floats($0) })
    }

    @Test func aSkippedStepLeavesWeightsAndMomentsAndIsWrittenDownWithItsSamples() throws {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder)
            let out = folder.appendingPathComponent("out")
            let trainer = try trainer(dataset, settings())
            var (lines, warnings) = ([StepMetrics](), [String]())
            var (before, saved) = (weights(trainer), [[Float]]())
            _ = try trainer.run(
                in: out, run: "r",
                report: { event in
                    switch event {
                    case .step(let line):
                        lines.append(line)
                        // The first rate of the warm-up is 0.
                        let isMade = line.skipped == nil && line.learningRate > 0
                        #expect((weights(trainer) == before) != isMade, "step \(line.step)")
                        before = weights(trainer)
                    case .warning(let text): warnings.append(text)
                    case .stateWritten(let step):
                        let now = try state(out)
                        let made = lines.count { $0.skipped == nil }
                        #expect(now.updates == "\(made)" && step == lines.count)
                        if lines.last?.skipped != nil, step > 1 { #expect(now.values == saved) }
                        saved = now.values
                    default: break
                    }
                })
            let skipped = lines.filter { $0.skipped != nil }
            #expect(lines.count == 12 && skipped.count == 8)
            #expect(skipped.allSatisfy { $0.skipped == .loss && $0.loss.isNaN && $0.sampleIds?.count == 1 })
            #expect(lines.allSatisfy { ($0.skipped == nil) == ($0.sampleIds == nil) })
            // Every third sample has no picture.
            let ids = skipped.compactMap { $0.sampleIds?.first.flatMap { Int($0) } }
            #expect(ids.sorted() == [0, 1, 3, 4, 6, 7, 9, 10])
            #expect(warnings.count == 8 && warnings[0].contains("sample \"\(ids[0])\""))
            let (read, problems) = try MetricsFile.read(out.appendingPathComponent(MetricsFile.file))
            #expect(problems.isEmpty && read.map(\.sampleIds) == lines.map(\.sampleIds))
            #expect(try TrainingTotals(folder: out).skippedSteps == 8)
        }
    }

    @Test func tooManyInARowStopTheRunAndNothingIsLost() throws {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder)
            let straight = try trainer(dataset, settings())
            var skips = [Bool]()
            _ = try straight.run(
                in: folder.appendingPathComponent("straight"), run: "r",
                report: {
                    if case .step(let line) = $0 { skips.append(line.skipped != nil) }
                })
            // The first step that is the second in a row.
            let last = try #require(skips.indices.dropFirst().first { skips[$0] && skips[$0 - 1] })
            let out = folder.appendingPathComponent("out")
            var few = settings()
            (few.skipNonfinite, few.stateEvery) = (1, 100)
            for _ in 0..<2 {  // the same again changes nothing
                #expect {
                    _ = try trainer(dataset, few).run(in: out, run: "r")
                } throws: { error in
                    "\(error)".contains("the loss of step \(last) ")
                        && "\(error)".contains("--set skip_nonfinite=2") && "\(error)".contains("FORCE=1")
                }
                #expect(Trainer.savedSteps(in: out) == last)
            }
            var from = 0
            let second = try trainer(dataset, settings())
            _ = try second.run(in: out, run: "r", report: { if case .resumed(let step) = $0 { from = step } })
            #expect(from == last && weights(second) == weights(straight))
        }
    }

    /// A loss of 5.6 times 5e37 is a float32; its gradient's entries are not.
    @Test func aGradientThatIsNotFiniteIsSkippedToo() throws {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder)
            var causes: [StepMetrics.Skip?] = []
            for weight in [1e36, 3e36, 1e37, 2e37, 3e37, 4e37, 5e37, 6e37] {
                var huge = settings(LossTerms(sft: weight))
                huge.steps = 2
                let trainer = try trainer(dataset, huge, part: nil)
                let before = weights(trainer)
                _ = try trainer.run(
                    in: folder.appendingPathComponent("out"), run: "r",
                    report: {
                        if case .step(let line) = $0 { causes.append(line.skipped) }
                    })
                #expect((weights(trainer) == before) == (causes.last != .some(nil)), "\(weight)")
                try FileManager.default.removeItem(at: folder.appendingPathComponent("out"))
            }
            #expect(causes.contains(.gradient), "\(causes)")
        }
    }

    @Test func allTermsAndSampledResponsesBearNumbersThatAreNotFinite() throws {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder)
            var all = settings(ModelFixture.all)
            (all.steps, all.batchSize, all.replicas, all.microBatchRows) = (2, 6, 2, 120)
            for (number, (fraction, topP)) in [(0.0, 1.0), (0, 0.9), (0.5, 1), (0.5, 0.9)].enumerated() {
                all.onPolicy.fraction = fraction
                (all.onPolicy.topP, all.candidates.topP) = (topP, topP)
                let trainer = try trainer(dataset, all, part: .language, endOfSequenceIDs: [2])
                var skipped = 0
                _ = try trainer.run(
                    in: folder.appendingPathComponent("\(number)"), run: "r",
                    report: {
                        if case .step(let line) = $0, line.skipped == .loss { skipped += 1 }
                    })
                #expect(skipped == 2)
            }
        }
    }

    /// A last norm of a hundred times its size makes the loss jump.
    @Test func aLossFarAboveItsMeanIsToldWithItsSamples() throws {
        try withTemporaryFolder { folder in
            var wild = settings()
            (wild.steps, wild.batchSize, wild.stateEvery) = (24, 2, 100)
            var (warnings, lines) = ([String](), [StepMetrics]())
            let trainer = try trainer(try tinyDataset(in: folder), wild, part: nil)
            _ = try trainer.run(
                in: folder.appendingPathComponent("out"), run: "r",
                report: { event in
                    if case .warning(let text) = event { warnings.append(text) }
                    guard case .step(let line) = event else { return }
                    lines.append(line)
                    guard line.step == 20 else { return }
                    for norm in trainer.student.parameters(of: [.language])
                    where norm.name == "model.language_model.norm.weight" {
                        let data = norm.value.data
                        for index in 0..<data.count { data.pointer[index] *= 100 }
                        norm.value.dataChanged()
                    }
                })
            let told = lines.filter { $0.skipped == nil && $0.sampleIds != nil }
            #expect(told.first?.step == 21 && told.allSatisfy { $0.sampleIds?.count == 2 })
            #expect(warnings.contains { $0.contains("far above") && $0.contains("samples \"") })
        }
    }
}
