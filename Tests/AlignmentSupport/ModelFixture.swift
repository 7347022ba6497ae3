import Analysis
import Distillation
import Files
import Foundation
import Models
import Records
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
        let facts = try JSONDecoder().decode(
            Facts.self, from: Data(contentsOf: folder.appendingPathComponent("batch.json")))
        saliencyLayer = facts.iva_teacher_layer
        candidatesPerToken = facts.candidates_per_token
        let input = try TraceInput(SafeTensorsFile(folder.appendingPathComponent("batch.safetensors")))
        (batch, candidates, padded) = (input.batch, input.candidates, input.padded)
    }

    private struct Facts: Decodable {
        let iva_teacher_layer: Int
        let candidates_per_token: Int
    }

    public func student(
        trainable: TrainedWeights = [.projector, .language], precision: Precision = .fp32
    ) throws -> LlavaModel {
        try LlavaModel(
            folder: folder.appendingPathComponent("student"), trainable: trainable, precision: precision)
    }

    public func teacher(precision: Precision = .fp32) throws -> LlavaModel {
        try LlavaModel(folder: folder.appendingPathComponent("teacher"), precision: precision)
    }

    public func golden(_ name: String) throws -> SafeTensorsFile {
        try SafeTensorsFile(folder.appendingPathComponent("\(name).safetensors"))
    }

    public func objective(_ weights: LossTerms) -> AlignmentObjective {
        AlignmentObjective(
            weights: weights, candidates: CandidateRule(count: candidatesPerToken),
            saliencyLayer: saliencyLayer)
    }

    public var totals: StepTotals {
        StepTotals(supervisedTokens: batch.supervisedTokens, samples: batch.samples.count)
    }
    public static let all = LossTerms(sft: 1, iva: 1, kd: 1, tpa: 1)
}

/// Largest difference, and largest value of `expected`.
public func difference(_ found: [Float], _ expected: [Float]) -> (difference: Float, largest: Float) {
    guard found.count == expected.count else { return (.infinity, 0) }
    return (zip(found, expected).map { abs($0 - $1) }.max() ?? 0, expected.map { abs($0) }.max() ?? 0)
}
