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
            "cache-teacher: the teacher is loaded, \(recipe.precision.supported.rawValue), BLAS kernels "
                + "\(Machine.blasCore)"
        )
        loaded = outputs
        return outputs
    }

    /// Compares a teacher in int8 with itself in bf16 before anything is computed with it.
    ///
    /// - Returns: nil in another precision
    /// - Throws: `StoreError.quantization` where it has lost too much
    func quantizationError(over dataset: ShardDataset, _ settings: TeacherOutputSettings) throws
        -> QuantizationError?
    {
        guard settings.precision == .int8 else { return nil }
        let reference = TeacherOutputs(try LlavaModel(folder: folder, precision: .bf16))
        let error = try outputs(for: dataset).error(
            from: reference, over: dataset, settings: settings, count: recipe.int8.samples)
        StandardError.write("cache-teacher: \(error)")
        try error.check(recipe.int8)
        return error
    }
}
