import Files
import Foundation
import Records

extension Trainer {
    private static let states = [TrainingState.file, TrainingState.previousFile]
    /// Folder, in that of a run, of its checkpoints.
    public static let checkpoints = "checkpoints"
    /// What else a run that is begun anew must not go on from.
    private static let records = [MetricsFile.file, ValidationFile.file, checkpoints]

    /// Names of the files in a run's folder that an unfinished run needs to go on, that were damaged, or that
    /// belong to a run before this one was begun anew; they are no result.
    public static func stateFiles(in folder: URL) throws -> Set<String> {
        let kept = try FolderListing.files(below: folder).filter { name in
            (states + records).contains { name.hasPrefix($0 + TrainingState.earlierSuffix) }
        }
        return Set(leftovers + kept)
    }

    /// Steps after which an unfinished run in this folder goes on, as the state's header says; nil where
    /// there is no state.
    public static func savedSteps(in folder: URL) -> Int? {
        states.lazy.compactMap { name -> Int? in
            let file = try? SafeTensorsFile(folder.appendingPathComponent(name))
            return file?.metadata["step"].flatMap { Int($0) }
        }.first
    }

    /// What no finished run needs.
    private static let leftovers =
        states + (states + [MetricsFile.file]).map { $0 + TrainingState.damagedSuffix }

    /// Removes what a finished run has left in this folder.
    public static func forget(in folder: URL) {
        for name in leftovers { unlink(folder.appendingPathComponent(name).path) }
    }

    /// Renames the state and the metrics of an unfinished run, so that another begins anew and nothing is
    /// lost.
    ///
    /// - Returns: the new names; empty where there is no state
    public static func keepAside(in folder: URL) throws -> [String] {
        func exists(_ name: String) -> Bool {
            FileManager.default.fileExists(atPath: folder.appendingPathComponent(name).path)
        }
        guard states.contains(where: exists) else { return [] }
        let names = (states + records).filter(exists)
        let suffix = (1...).lazy.map { "\(TrainingState.earlierSuffix)\($0)" }.first { suffix in
            !(states + records).contains { exists($0 + suffix) }
        }
        guard let suffix else { return [] }
        for name in names {
            let from = folder.appendingPathComponent(name).path
            guard rename(from, from + suffix) == 0 else {
                throw FilesError.system(path: from, operation: "keep it aside", code: errno)
            }
        }
        return names.map { $0 + suffix }
    }
}
