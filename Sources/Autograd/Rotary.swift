import CKernels
import Foundation
import Tensors

/// Cosines and sines of the rotary embedding for the position ids of a batch, `[rows, headSize / 2]` each.
public struct RotaryTable: Sendable {
    let cosine, sine: Tensor
    let headSize: Int

    /// - Parameters:
    ///   - positions: position id of each row
    ///   - theta: base of the wavelengths (`rope_theta`)
    public init(positions: [Int32], headSize: Int, theta: Double) {
        let half = headSize / 2
        self.headSize = headSize
        cosine = Tensor(uninitialized: [positions.count, half])
        sine = Tensor(uninitialized: [positions.count, half])
        // Frequencies in float32, as PyTorch computes them.
        let frequencies = (0..<half).map { Float(1) / Float(pow(theta, Double(2 * $0) / Double(headSize))) }
        // Sequences of a batch share most of their positions, and a cosine takes longer than anything else
        // that is done with it.
        var rowOf: [Int32: Int] = [:]
        for (row, position) in positions.enumerated() {
            if let known = rowOf[position] {
                for table in [cosine, sine] {
                    (table.pointer + row * half).update(from: table.pointer + known * half, count: half)
                }
                continue
            }
            rowOf[position] = row
            for (i, frequency) in frequencies.enumerated() {
                let angle = Double(Float(position) * frequency)
                cosine.pointer[row * half + i] = Float(cos(angle))
                sine.pointer[row * half + i] = Float(sin(angle))
            }
        }
    }
}

/// Rotates each head of each row by its position, rotate-half layout.
///
/// - Parameter x: `[rows, heads * headSize]`
public func rotary(_ x: Value, _ table: RotaryTable) -> Value {
    let size = table.headSize
    let (rows, heads) = (x.rows, x.width / size)
    precondition(
        x.width == heads * size && table.cosine.rows == rows, "rotary: \(x.shape) with heads of \(size)")
    func turn(_ input: Tensor, _ direction: Float) -> Tensor {
        let output = Tensor(uninitialized: input.shape)
        parallel(rows, grain: max(1, elementwiseGrain / 2 / max(1, x.width))) { range in
            let (start, angle) = (range.lowerBound * heads * size, range.lowerBound * (size / 2))
            ck_rotary(
                input.pointer + start, table.cosine.pointer + angle, table.sine.pointer + angle, direction,
                output.pointer + start, range.count, heads, size)
        }
        return output
    }
    return Value(turn(x.data, 1), from: [x]) { [x = x.node] dy in x?.accumulate(turn(dy, -1)) }
}
