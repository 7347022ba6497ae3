import Distillation
import Files
import Foundation
import Models
import Tensors

/// One folder of model fixtures: a student, a teacher, a batch and what PyTorch made of them.
public struct ModelFixture {
    public let folder: URL
    public let batch: AlignmentBatch
    /// Per sample and position the given candidates; empty elsewhere.
    public let candidates: [[[Int32]]]
    public let saliencyLayer: Int
    public let candidatesPerToken: Int
    /// Width of the padded tensors.
    public let padded: Int

    public init(_ folder: URL) throws {
        self.folder = folder
        let facts = try JSONDecoder().decode(Facts.self, from: Data(contentsOf: folder.appendingPathComponent("batch.json")))
        saliencyLayer = facts.iva_teacher_layer
        candidatesPerToken = facts.candidates_per_token
        let file = try SafeTensorsFile(folder.appendingPathComponent("batch.safetensors"))
        let shape = try file.entry("input_ids").shape
        padded = shape[1]
        let (ids, mask, labels) = (try file.int32s("input_ids"), try file.integers("attention_mask"), try file.int32s("labels"))
        let (visual, instruction) = (try file.integers("visual_mask"), try file.integers("instruction_mask"))
        let given = try file.int32s("candidates")
        var image = 0
        var samples: [AlignmentSample] = []
        var candidates: [[[Int32]]] = []
        for sample in 0..<shape[0] {
            let row = sample * padded
            let length = mask[row..<row + padded].count { $0 == 1 }
            let places = (0..<length).filter { visual[row + $0] == 1 }
            let range = places.first.map { $0..<$0 + places.count }
            samples.append(
                AlignmentSample(
                    id: "sample \(sample)", inputIDs: Array(ids[row..<row + length]), labels: Array(labels[row..<row + length]),
                    instruction: (0..<length).filter { instruction[row + $0] == 1 }.map { Int32($0) }, visual: range,
                    image: range == nil ? nil : image, key: UInt64(sample)))
            if range != nil { image += 1 }
            candidates.append(
                (0..<length).map { position in
                    let at = (row + position) * facts.candidates_per_token
                    return given[at..<at + facts.candidates_per_token].filter { $0 >= 0 }
                })
        }
        self.candidates = candidates
        let planes = Tensor(try file.floats("pixel_values"), shape: try file.entry("pixel_values").shape)
        batch = AlignmentBatch(samples: samples, images: .planes(planes))
    }

    private struct Facts: Decodable {
        let iva_teacher_layer: Int
        let candidates_per_token: Int
    }

    public func student(trainable: Set<ModelPart> = [.projector, .language]) throws -> LlavaModel {
        try LlavaModel(folder: folder.appendingPathComponent("student"), trainable: trainable)
    }

    public func teacher() throws -> LlavaModel { try LlavaModel(folder: folder.appendingPathComponent("teacher")) }

    public func golden(_ name: String) throws -> SafeTensorsFile {
        try SafeTensorsFile(folder.appendingPathComponent("\(name).safetensors"))
    }

    public func objective(_ weights: LossTerms) -> AlignmentObjective {
        AlignmentObjective(weights: weights, candidates: CandidateRule(count: candidatesPerToken), saliencyLayer: saliencyLayer)
    }

    public var totals: StepTotals { StepTotals(supervisedTokens: batch.supervisedTokens, samples: batch.samples.count) }
    public static let all = LossTerms(sft: 1, iva: 1, kd: 1, tpa: 1)
}

/// Largest difference, and largest value of `expected`.
public func difference(_ found: [Float], _ expected: [Float]) -> (difference: Float, largest: Float) {
    guard found.count == expected.count else { return (.infinity, 0) }
    return (zip(found, expected).map { abs($0 - $1) }.max() ?? 0, expected.map { abs($0) }.max() ?? 0)
}
