import Files
import Foundation

/// Size of a checkpoint, from the headers of its files.
enum CheckpointSize {
    /// Numbers in all tensors; nil where the folder has no readable weights.
    static func parameters(_ folder: URL) -> Int? {
        guard let names = try? FolderListing.files(below: folder) else { return nil }
        let files = names.filter { $0.hasSuffix(".safetensors") && !$0.contains("/") }
        let counts = files.compactMap { name in
            try? SafeTensorsFile(folder.appendingPathComponent(name)).entries.reduce(0) { $0 + $1.count }
        }
        return counts.isEmpty || counts.count < files.count ? nil : counts.reduce(0, +)
    }
}
