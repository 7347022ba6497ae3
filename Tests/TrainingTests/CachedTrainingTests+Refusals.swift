import AlignmentSupport
import Records
import TestSupport
import Testing
import Training

/// What a store of teacher outputs cannot serve.
extension CachedTrainingTests {
    @Test func whatTheCacheCannotSayIsRefused() throws {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder)
            var sampled = settings
            (sampled.encoding, sampled.samples) = (.sampled, 16)
            let draws = try outputs(sampled, dataset, in: folder)
            #expect {
                try trainer(draws, dataset, weights: weights) { $0.divergence.kd = .reverseKL }
            } throws: { "\($0)".contains("divergence.kd") }
            // TPA never reads the cache.
            _ = try trainer(draws, dataset, weights: ModelFixture.all, withTeacher: true) {
                $0.divergence.tpa = .reverseKL
            }
            // Nor does KD beside it: its distributions come from the teacher in the loop.
            _ = try trainer(draws, dataset, weights: ModelFixture.all, withTeacher: true) {
                $0.divergence.kd = .reverseKL
            }
            #expect {
                try trainer(draws, dataset, weights: ModelFixture.all, withTeacher: true) {
                    $0.divergence.iva = .reverseKL
                }
            } throws: { "\($0)".contains("divergence.iva") }
            var cut = settings
            cut.saliencyMass = 0.5
            let part = try outputs(cut, dataset, in: folder, run: "cut")
            #expect {
                try trainer(part, dataset, weights: weights) { $0.saliencySource = .uniform }
            } throws: { "\($0)".contains("saliency_mass") }
            let whole = try outputs(settings, dataset, in: folder, run: "whole")
            #expect {
                try trainer(whole, dataset, weights: weights, withTeacher: true) {
                    $0.onPolicy.fraction = 0.5
                }
            } throws: { "\($0)".contains("on_policy") }
        }
    }

    @Test func anotherLayerOrALargerVocabularyThanTheOutputsHaveIsRefused() throws {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder)
            let cached = try outputs(settings, dataset, in: folder)
            #expect { try trainer(cached, dataset, weights: weights, layer: 0) } throws: {
                "\($0)".contains("saliency_layer")
            }
            _ = try trainer(cached, dataset, weights: LossTerms(kd: 1), layer: 0)  // KD looks at no layer
        }
    }
}
