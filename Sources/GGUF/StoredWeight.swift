import Models
import Tensors

/// A weight of a checkpoint under its name in a GGUF file.
package struct StoredWeight {
    /// What is done with it decides how it is stored.
    enum Form {
        /// Multiplied with rows.
        case matrix
        /// Kept in float32: norms, biases, positions.
        case small
        /// A convolution, whose kernel llama.cpp takes in half or full precision.
        case kernel
    }

    let name: String
    /// Name in the module tree.
    let source: String
    let shape: [Int]
    var form = Form.small
    /// Heads whose rows are brought into the order of Llama's rotary embedding; nil where they stay.
    var pairedHeads: Int?

    func type(_ wanted: GGUFType) -> GGUFType {
        switch form {
        case .small: .f32
        case .kernel: wanted == .f16 ? .f16 : .f32
        // Blocks do not cross rows; llama.cpp's own tools store such matrices as halves too.
        case .matrix: wanted == .q8 && (shape.last ?? 0) % GGUFType.block != 0 ? .f16 : wanted
        }
    }

    /// Rows of each head in pairs: llama.cpp turns neighbours together where Hugging Face's Llama turns a row
    /// and the one half a head further. Row `2j` of a head is its row `j`, row `2j + 1` its row
    /// `headSize / 2 + j`.
    ///
    /// - Parameter weight: `[heads * headSize, inputs]`
    package static func paired(_ weight: Tensor, heads: Int) -> Tensor {
        let (rows, width) = (weight.rows, weight.width)
        let half = rows / heads / 2
        let result = Tensor(uninitialized: weight.shape)
        for head in 0..<heads {
            for j in 0..<half {
                for side in 0..<2 {
                    let source = head * 2 * half + side * half + j
                    let target = head * 2 * half + 2 * j + side
                    (result.pointer + target * width).update(
                        from: weight.pointer + source * width, count: width)
                }
            }
        }
        return result
    }
}

extension GGUFWriter {
    /// Adds weights that are read from a checkpoint when the file is written.
    mutating func add(_ weights: [StoredWeight], of checkpoint: Checkpoint, type: GGUFType) {
        for weight in weights {
            add(weight.name, weight.type(type), shape: weight.shape) {
                let tensor = try checkpoint.tensor(weight.source, shape: weight.shape)
                return weight.pairedHeads.map { StoredWeight.paired(tensor, heads: $0) } ?? tensor
            }
        }
    }
}
