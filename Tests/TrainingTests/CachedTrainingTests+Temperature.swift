import AlignmentSupport
import Distillation
import Foundation
import Records
import Shards
import TeacherStore
import TestSupport
import Testing
import Training

/// Another temperature than 1, from the store and in the loop.
extension CachedTrainingTests {
    @Test func allLogProbabilitiesGiveTheStepOfTheTeacherInTheLoopAtAnyTemperature() throws {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder)
            var all = settings
            all.topK = nil
            let cached = try outputs(all, dataset, in: folder)
            for (temperature, divergence) in [
                (0.5, Divergence.Kind.forwardKL), (2, .forwardKL), (2, .jensenShannon),
            ] {
                func step(_ cached: CachedTeacher?) throws -> StepMetrics {
                    try firstStep(cached, dataset, in: folder, weights: weights) {
                        $0.divergence.temperature = temperature
                        ($0.divergence.kd, $0.divergence.iva) = (divergence, divergence)
                    }
                }
                let (inLoop, fromCache) = (try step(nil), try step(cached))
                // fp16 log-probabilities: 2e-3, as at T = 1, times T^2.
                let bound = 2e-3 * max(1, temperature * temperature)
                #expect(abs(inLoop.terms.kd - fromCache.terms.kd) < bound && inLoop.terms.kd > 0.01)
                #expect(abs(inLoop.terms.iva - fromCache.terms.iva) < bound && inLoop.terms.iva > 0.01)
                #expect(inLoop.terms.sft == fromCache.terms.sft)
            }
        }
    }

    @Test func theMostProbableIdsLeaveAnotherTemperatureToTheTeacherInTheLoop() throws {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder)
            let cached = try outputs(settings, dataset, in: folder)
            #expect {
                try trainer(cached, dataset, weights: weights) { $0.divergence.temperature = 2 }
            } throws: { "\($0)".contains("divergence.temperature") && "\($0)".contains("top_k: null") }
            func step(_ cached: CachedTeacher?) throws -> LossTerms {
                try firstStep(cached, dataset, in: folder, weights: weights, withTeacher: true) {
                    $0.divergence.temperature = 2
                }.terms
            }
            let (inLoop, beside) = (try step(nil), try step(cached))
            // Alphas come from the cache, where they are fp16.
            #expect(inLoop.kd == beside.kd && abs(inLoop.iva - beside.iva) < 2e-3 * inLoop.iva)
        }
    }
}
