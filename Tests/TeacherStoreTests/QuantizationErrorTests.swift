import AlignmentSupport
import Files
import Foundation
import Models
import Shards
import TeacherStore
import Tensors
import TestSupport
import Testing

/// A teacher in int8 beside the same in bf16.
@Suite(.enabled(if: Precision.int8.supported == .int8, "the processor has no int8 products (VNNI)"))
struct QuantizationErrorTests {
    private let settings = TeacherOutputSettings(topK: nil, commonVocabulary: 272, saliencyLayer: 1)

    private func teacher(_ precision: Precision) throws -> TeacherOutputs {
        TeacherOutputs(
            try LlavaModel(folder: tinyModel.appendingPathComponent("teacher"), precision: precision))
    }

    @Test func itSaysWhatTheStoreWouldHold() throws {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder)
            let (bytes, halves) = (try teacher(.int8), try teacher(.bf16))
            #expect(bytes.teacher.precision == .int8)
            let error = try bytes.error(from: halves, over: dataset, settings: settings, count: 1000)
            #expect(error.samples == dataset.index.shards[0].samples && error.positions > 0)
            #expect(error.divergence > 0 && error.worstDivergence >= error.divergence)
            #expect(error.divergence < 0.01 && error.agreement > 0.8)
            #expect(try #require(error.cosine) > 0.999)

            // The worst position, from the log-probabilities that a store would have.
            let kept = try [bytes, halves].map { try $0.shard(0, of: dataset, settings: settings) }
            var worst = 0.0
            for number in 0..<dataset.index.shards[0].samples {
                let (mine, right) = (kept[0].sample(number), kept[1].sample(number))
                for (s, t) in zip(mine.response + mine.visual, right.response + right.visual) {
                    var other: [Int32: Float] = [:]
                    for (id, value) in zip(s.ids, s.logProbabilities) { other[id] = value }
                    worst = max(
                        worst,
                        zip(t.ids, t.logProbabilities).reduce(0.0) {
                            $0 + exp(Double($1.1)) * Double($1.1 - (other[$1.0] ?? -.infinity))
                        })
                }
            }
            #expect(abs(worst - error.worstDivergence) < 0.05 * worst, "\(worst) \(error)")

            let none = try halves.error(from: halves, over: dataset, settings: settings, count: 3)
            #expect(none.samples == 3 && none.divergence == 0 && none.agreement == 1)
        }
    }

    @Test func moreThanARecipeAllowsIsRefused() throws {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder)
            let error = try teacher(.int8).error(
                from: teacher(.bf16), over: dataset, settings: settings, count: 4)
            var allowed = QuantizationError.Settings()
            try error.check(allowed)
            allowed.highestDivergence = error.divergence / 2
            #expect {
                try error.check(allowed)
            } throws: {
                "\($0)".contains("int8.highest_divergence is \(error.divergence / 2): take bf16")
            }
        }
    }

    @Test func itsOutputsHaveANameOfTheirOwn() throws {
        let names = [Precision.fp32, .bf16, .int8].map { precision in
            var settings = settings
            settings.precision = precision
            return Store.key(teacher: "t", shard: "s", settings: settings)
        }
        #expect(Set(names).count == 3)
    }

    @Test func aModelTakesHalfTheMemory() throws {
        func held(_ precision: Precision) throws -> (layers: Int, others: Int) {
            let parameters = try teacher(precision).teacher.parameters(of: [.language])
            func sum(_ list: [Parameter]) -> Int { list.reduce(0) { $0 + $1.heldBytes + $1.mappedBytes } }
            let isLayer = { (p: Parameter) in p.name.contains("_proj.weight") }
            return (sum(parameters.filter(isLayer)), sum(parameters.filter { !isLayer($0) }))
        }
        let (bytes, halves) = (try held(.int8), try held(.bf16))
        #expect(bytes.others == halves.others)
        // A byte a number and a float a row.
        #expect(bytes.layers * 2 > halves.layers && bytes.layers * 10 < halves.layers * 6)
    }
}
