import Foundation
import Models
import Shards
import Stage
import TeacherStore
import Tensors

/// The teacher, loaded when something is to be computed: a run that finds everything in the store needs its
/// configuration only.
final class Teacher {
    private let folder: URL
    private let recipe: CacheSettings
    private var known: LlavaConfiguration?
    private var loaded: TeacherOutputs?

    init(_ folder: URL, _ recipe: CacheSettings) { (self.folder, self.recipe) = (folder, recipe) }

    func configuration() throws -> LlavaConfiguration {
        if let known { return known }
        let configuration = try LlavaConfiguration(folder: folder)
        known = configuration
        return configuration
    }

    /// - Parameter dataset: checked against the teacher's image preparation, when given
    func outputs(for dataset: ShardDataset? = nil) throws -> TeacherOutputs {
        if let loaded { return loaded }
        try dataset?.require(modelIn: folder)
        let model = try LlavaModel(folder: folder, precision: recipe.precision)
        StandardError.write(model.notices, of: "cache-teacher")
        var outputs = TeacherOutputs(model)
        outputs.rowLimit = recipe.microBatchRows
        StandardError.write(
            "cache-teacher: the teacher is loaded, \(recipe.precision.supported.rawValue), products by "
                + Machine.kernels
        )
        loaded = outputs
        return outputs
    }

    /// How far a teacher in int8 is from itself in bf16; nil in another precision.
    ///
    /// - Throws: `StoreError.quantization` where it has lost too much
    func quantizationError(over dataset: ShardDataset, _ settings: TeacherOutputSettings) throws
        -> QuantizationError?
    {
        guard settings.precision == .int8 else { return nil }
        return try outputs(for: dataset).quantizationError(
            folder: folder, over: dataset, settings: settings, limits: recipe.int8
        ) { StandardError.write("cache-teacher: \($0)") }
    }
}
