import Autograd
import Models

/// Alpha of Eq. 3: how much the instruction attends to each visual token, mean over instruction rows and
/// heads.
///
/// - Parameter layer: an observed layer of the teacher's pass over the batch
/// - Returns: per sample one number a visual token; empty without an image, zeros without an instruction
public func visualSaliency(_ output: LanguageOutput, layer: Int, batch: AlignmentBatch, headSize: Int)
    -> [[Float]]
{
    guard let observed = output.observed[layer] else {
        preconditionFailure("visualSaliency: layer \(layer) was not observed")
    }
    let sequences = batch.samples.indices.map { index in
        let (sample, start) = (batch.samples[index], batch.starts[index])
        let visual = sample.visual ?? 0..<0
        return (
            rows: batch.rows(of: index), readers: sample.instruction.map { $0 + Int32(start) },
            targets: start + visual.lowerBound..<start + visual.upperBound
        )
    }
    return meanAttention(q: observed.q, k: observed.k, headSize: headSize, sequences: sequences)
}

/// Who says how much a visual token weighs in IVA.
public enum SaliencySource: String, Sendable, Codable, CaseIterable {
    /// Alpha of Eq. 3 from the teacher's attention.
    case teacher
    /// The same from the student's own, as it is at that step; no gradient goes through it.
    case student
    /// 1 / N_v each: the mean over visual tokens, as LLaVA-KD aligns them (Cai et al. 2024).
    case uniform
}

/// Per sample 1 / N_v for each visual token; empty without an image.
func uniformSaliency(_ batch: AlignmentBatch) -> [[Float]] {
    batch.samples.map { sample in
        let count = sample.visual?.count ?? 0
        return [Float](repeating: 1 / Float(max(1, count)), count: count)
    }
}

/// Instruction-Relevance Score of every layer (Eq. 4): one minus the mean cosine of two inputs' alphas, over
/// pairs of inputs.
public struct InstructionRelevance: Sendable {
    private var sums: [Double]
    private var squares: [Double]
    public private(set) var pairs = 0

    public init(layers: Int) {
        sums = Array(repeating: 0, count: layers)
        squares = sums
    }

    /// - Parameters: alphas of the two inputs, `[layers][visual tokens]`
    public mutating func add(_ first: [[Float]], _ second: [[Float]]) {
        for layer in sums.indices {
            let cosine = cosine(first[layer], second[layer])
            sums[layer] += cosine
            squares[layer] += cosine * cosine
        }
        pairs += 1
    }

    public var scores: [Double] { sums.map { 1 - $0 / Double(max(1, pairs)) } }

    /// Of each layer's score; infinite before the second pair.
    public var standardErrors: [Double] {
        guard pairs > 1 else { return sums.map { _ in .infinity } }
        let n = Double(pairs)
        return zip(sums, squares).map { sum, square in
            max(0, (square - sum * sum / n) / (n - 1) / n).squareRoot()
        }
    }

    /// The layer with the highest score, the first of equals.
    public var bestLayer: Int {
        scores.indices.max { scores[$0] < scores[$1] || (scores[$0] == scores[$1] && $0 > $1) } ?? 0
    }

    private func cosine(_ a: [Float], _ b: [Float]) -> Double {
        precondition(a.count == b.count, "InstructionRelevance: \(a.count) and \(b.count) visual tokens")
        var (dot, aa, bb) = (0.0, 0.0, 0.0)
        for (x, y) in zip(a, b) {
            dot += Double(x) * Double(y)
            aa += Double(x) * Double(x)
            bb += Double(y) * Double(y)
        }
        return aa > 0 && bb > 0 ? dot / (aa.squareRoot() * bb.squareRoot()) : 0
    }
}
