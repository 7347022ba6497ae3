import Distillation
import Foundation
import Shards
import Tensors

/// Computes entries of the store again that a run finds lost or damaged, beside other runs that may do the
/// same.
public struct CacheRepair {
    /// Folder of the teacher's checkpoint; its digest must be that of the index.
    public let teacher: URL
    private let outputs: (ShardDataset, Precision) throws -> TeacherOutputs
    private let report: (_ path: String, _ problem: String) -> Void

    /// - Parameters:
    ///   - outputs: loads the teacher in a precision; called when something is to be computed
    ///   - report: told which entry is computed and why
    public init(
        teacher: URL, outputs: @escaping (ShardDataset, Precision) throws -> TeacherOutputs,
        report: @escaping (_ path: String, _ problem: String) -> Void
    ) {
        (self.teacher, self.outputs, self.report) = (teacher, outputs, report)
    }

    /// - Throws: `StoreError.mismatch` when the teacher is not the one whose outputs are missing
    func callAsFunction(
        _ index: StoreIndex, _ number: Int, of dataset: ShardDataset, in cache: Store,
        problem: String
    ) throws {
        let (entry, shard) = (index.entries[number], dataset.index.shards[number])
        let found = try cache.digest(ofModel: teacher)
        guard found == index.teacher else {
            throw StoreError.mismatch(
                what: "the entry of \(entry.shard) in \(cache.folder.path): \(problem); "
                    + "teacher \(teacher.path)",
                found: String(found.prefix(12)), expected: String(index.teacher.prefix(12)),
                remedy: "give the teacher the outputs were computed with, or run cache-teacher again")
        }
        report(cache.path(entry.key).path, problem)
        _ = try Filling(cache, claims: Claims(cache)).run([entry.key], from: 0) { _ in
            let made = try outputs(dataset, index.settings.precision).shard(
                number, of: dataset, settings: index.settings)
            return (
                made,
                Seal.Origin(
                    teacher: index.teacher, shard: shard.rawSHA256, settings: index.settings)
            )
        }
    }
}
