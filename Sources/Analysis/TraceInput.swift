import Distillation
import Files
import Foundation
import Tensors

/// A batch given as tensors, in the padded layout other implementations use, so that both sides can be fed
/// the same numbers.
///
/// `input_ids`, `attention_mask`, `labels`, `visual_mask`, `instruction_mask` `[B, S]`; `pixel_values` `[n,
/// 3, H, W]` of the samples that have an image, in order; `candidates` `[B, S, d]`, -1 where there is none
/// (optional).
public struct TraceInput {
    /// The batch without its padding.
    public let batch: AlignmentBatch
    /// Per sample and position; empty where there is none.
    public let candidates: [[[Int32]]]
    /// Positions S of a padded row.
    public let padded: Int

    /// - Throws: `FilesError` for a broken file, `AnalysisError.badInput` where tensors do not belong
    ///   together
    public init(_ file: SafeTensorsFile) throws {
        func bad(_ tensor: String, _ problem: String) -> AnalysisError {
            .badInput(path: file.path, tensor: tensor, problem: problem)
        }
        let shape = try file.entry("input_ids").shape
        guard shape.count == 2, shape[0] > 0, shape[1] > 0 else {
            throw bad("input_ids", "is \(shape), expected [samples, positions]")
        }
        let (count, width) = (shape[0], shape[1])
        func matrix(_ name: String) throws -> [Int] {
            let values = try file.integers(name)
            guard try file.entry(name).shape == shape else {
                throw bad(name, "is \(try file.entry(name).shape), input_ids is \(shape)")
            }
            guard values.allSatisfy({ Int32(exactly: $0) != nil }) else {
                throw bad(name, "holds a number of more than 32 bits")
            }
            return values
        }
        let (ids, mask, labels) = (
            try matrix("input_ids"), try matrix("attention_mask"), try matrix("labels")
        )
        let (visual, instruction) = (try matrix("visual_mask"), try matrix("instruction_mask"))
        let given = file.contains("candidates") ? try file.integers("candidates") : []
        let perToken = given.count / (count * width)
        guard try given.isEmpty || file.entry("candidates").shape == [count, width, perToken],
            given.allSatisfy({ Int32(exactly: $0) != nil })
        else { throw bad("candidates", "is not [\(count), \(width), d] of 32-bit ids") }
        guard labels.allSatisfy({ $0 >= 0 || $0 == -100 }) else {
            throw bad("labels", "holds a negative number other than -100, which is no response token")
        }
        var samples: [AlignmentSample] = []
        var candidates: [[[Int32]]] = []
        var images = 0
        for sample in 0..<count {
            let row = sample * width
            let length = mask[row..<row + width].firstIndex { $0 != 1 }.map { $0 - row } ?? width
            guard length > 0, !mask[row + length..<row + width].contains(1) else {
                throw bad("attention_mask", "row \(sample) is not ones followed by padding")
            }
            let places = (0..<length).filter { visual[row + $0] == 1 }
            guard places.isEmpty || places.count == places[places.count - 1] - places[0] + 1 else {
                throw bad("visual_mask", "row \(sample) has visual tokens that are not in a row")
            }
            let range = places.first.map { $0..<$0 + places.count }
            let readers = (0..<length).filter { instruction[row + $0] == 1 }
            guard readers.allSatisfy({ $0 >= range?.upperBound ?? length }) else {
                throw bad(
                    "instruction_mask", "row \(sample) has an instruction token before the last visual token")
            }
            samples.append(
                AlignmentSample(
                    id: "sample \(sample)", inputIDs: ids[row..<row + length].map { Int32($0) },
                    labels: labels[row..<row + length].map { Int32($0) },
                    instruction: readers.map { Int32($0) }, visual: range, image: range == nil ? nil : images,
                    key: UInt64(sample)))
            if range != nil { images += 1 }
            candidates.append(
                (0..<length).map { position in
                    let at = (row + position) * perToken
                    return given[at..<at + perToken].filter { $0 >= 0 }.map { Int32($0) }
                })
        }
        self.candidates = candidates
        padded = width
        guard images > 0 else {
            batch = AlignmentBatch(samples: samples, images: .none)
            return
        }
        let planes = Tensor(try file.floats("pixel_values"), shape: try file.entry("pixel_values").shape)
        guard planes.shape.count == 4, planes.shape[0] == images else {
            throw bad(
                "pixel_values",
                "is \(planes.shape), expected [\(images), 3, height, width]: "
                    + "one image for each sample that has visual tokens"
            )
        }
        batch = AlignmentBatch(samples: samples, images: .planes(planes))
    }
}
