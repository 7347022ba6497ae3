import AlignmentSupport
import Distillation
import Foundation
import Models
import TeacherStore
import TestSupport
import Testing

/// A teacher whose weights are damaged says nothing that could be kept.
@Suite struct NonFiniteTeacherTests {
    private func teacher(breaking part: ModelPart) throws -> TeacherOutputs {
        let teacher = try ModelFixture(tinyModel).teacher()
        let parameter = try #require(teacher.parameters(of: [part]).last)
        parameter.value.data.pointer[0] = .nan
        parameter.value.dataChanged()
        return TeacherOutputs(teacher)
    }

    private func isNotFinite(_ error: any Error) -> Bool {
        if case .notFinite? = error as? StoreError { true } else { false }
    }

    @Test(arguments: [ModelPart.language, .projector]) func noEncodingKeepsWhatIsNotFinite(part: ModelPart)
        throws
    {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder)
            let outputs = try teacher(breaking: part)
            let common = outputs.teacher.language.vocabularySize
            for (topK, encoding) in [(4, .topK), (nil, .topK), (nil, .sampled)]
                as [(Int?, TeacherOutputSettings.Encoding)]
            {
                var settings = TeacherOutputSettings(topK: topK, commonVocabulary: common, saliencyLayer: 1)
                settings.encoding = encoding
                #expect { _ = try outputs.shard(0, of: dataset, settings: settings) } throws: {
                    isNotFinite($0) && "\($0)".contains("sample '")
                }
            }
        }
    }

    /// Otherwise a cosine that is no number would pass for the highest relevance.
    @Test func noLayerIsRelevantForWhatIsNotFinite() throws {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder)
            let outputs = try teacher(breaking: .projector)
            #expect {
                _ = try outputs.relevance(over: dataset, pairs: 8, seed: 1, standardError: 0)
            } throws: { isNotFinite($0) }
        }
    }
}
