import Autograd
import Files
import Foundation
import Models
import Tensors
import TestSupport

/// One folder of golden numbers (Tests/Fixtures/models/README.md says how they were made).
struct Golden {
    let folder: URL
    let batch, forward, generate: SafeTensorsFile

    static var all: [Golden] {
        get throws {
            try Fixtures.cases("models", with: "forward.safetensors", "generate.safetensors").map {
                try Golden($0)
            }
        }
    }

    init(_ folder: URL) throws {
        self.folder = folder
        batch = try SafeTensorsFile(folder.appendingPathComponent("batch.safetensors"))
        forward = try SafeTensorsFile(folder.appendingPathComponent("forward.safetensors"))
        generate = try SafeTensorsFile(folder.appendingPathComponent("generate.safetensors"))
    }

    static let roles = ["student", "teacher"]

    func model(_ role: String, trainable: TrainedWeights = []) throws -> LlavaModel {
        try LlavaModel(folder: folder.appendingPathComponent(role), trainable: trainable)
    }

    static func tensor(_ file: SafeTensorsFile, _ name: String) throws -> Tensor {
        Tensor(try file.floats(name), shape: try file.entry(name).shape)
    }

    /// The batch as ragged rows.
    func rows() throws -> Rows {
        let width = try batch.entry("input_ids").shape[1]
        let ids = try batch.int32s("input_ids")
        let real = try batch.int32s("attention_mask")
        let lengths = (0..<ids.count / width).map { sample in
            (0..<width).count { real[sample * width + $0] == 1 }
        }
        let visual = try batch.int32s("visual_mask")
        let instruction = try batch.int32s("instruction_mask")
        return Rows(
            samples: lengths.enumerated().map { sample, length in
                let range = sample * width..<sample * width + length
                return Sample(
                    ids: Array(ids[range]),
                    visual: range.filter { visual[$0] == 1 }.map { $0 - range.lowerBound },
                    instruction: range.filter { instruction[$0] == 1 }.map { $0 - range.lowerBound })
            })
    }
}

struct Sample {
    let ids: [Int32]
    let visual, instruction: [Int]  // positions
}

struct Rows {
    let samples: [Sample]
    var ids: [Int32] { samples.flatMap(\.ids) }
    var lengths: [Int] { samples.map(\.ids.count) }
    var positions: [Int32] { lengths.flatMap { (0..<Int32($0)) } }
    var starts: [Int] { lengths.indices.map { lengths[..<$0].reduce(0, +) } }
}

/// The largest |a - b|, infinite where there is a NaN.
func largestDifference(_ a: some Sequence<Float>, _ b: some Sequence<Float>) -> Float {
    // A NaN must not slip through a comparison.
    zip(a, b).reduce(0) { $1.0.isNaN || $1.1.isNaN ? .infinity : max($0, abs($1.0 - $1.1)) }
}
