import Autograd
import Files
import Foundation
import Tensors

/// Everything a run needs to go on as if it had not been interrupted: `state.safetensors`.
///
/// Tensors `<parameter>`, `<parameter>/first` and `<parameter>/second` (the optimizer's moments), all f32;
/// metadata `step` (steps done) and `run` (a digest of recipe and inputs).
struct TrainingState {
    static let file = "state.safetensors"
    private static let version = "1"

    static func write(_ optimizer: AdamW, step: Int, run: String, to url: URL) throws {
        var writer = SafeTensorsWriter(metadata: [
            "format_version": version, "step": String(step), "run": run,
        ])
        for (parameter, moments) in zip(optimizer.parameters, optimizer.moments) {
            let tensors = [
                ("", parameter.value.data), ("/first", moments.first), ("/second", moments.second),
            ]
            for (suffix, tensor) in tensors {
                writer.add(moments.name + suffix, .float32, shape: tensor.shape) { sink in
                    try SafeTensorsWriter.write(
                        UnsafeBufferPointer(start: tensor.pointer, count: tensor.count), as: .float32,
                        to: sink)
                }
            }
        }
        try writer.write(to: url)
    }

    /// Puts a state back into the parameters and the optimizer.
    ///
    /// - Returns: steps done; nil when there is no state
    /// - Throws: `TrainingError` when it belongs to another run or does not fit
    static func restore(_ optimizer: AdamW, run: String, from url: URL) throws -> Int? {
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        let file = try SafeTensorsFile(url)
        guard file.metadata["format_version"] == version,
            let step = file.metadata["step"].flatMap({ Int($0) }), step >= 0
        else {
            throw TrainingError.badState(
                path: url.path, problem: "it is no training state of version \(version)")
        }
        guard let found = file.metadata["run"], found == run else {
            throw TrainingError.otherRun(
                path: url.path, found: file.metadata["run"] ?? "unknown", expected: run)
        }
        for (parameter, moments) in zip(optimizer.parameters, optimizer.moments) {
            for (suffix, tensor) in [
                ("", parameter.value.data), ("/first", moments.first), ("/second", moments.second),
            ] {
                guard try file.entry(moments.name + suffix).shape == tensor.shape else {
                    throw TrainingError.badState(
                        path: url.path,
                        problem: "'\(moments.name + suffix)' has another shape than the model's")
                }
                try file.readFloats(moments.name + suffix, into: tensor.pointer, count: tensor.count)
            }
            parameter.value.dataChanged()
        }
        optimizer.restore(steps: step)
        return step
    }
}
