import Files
import Foundation
import Records

extension DataManifest {
    /// Findings of `verify`.
    public struct Verification: Sendable {
        /// Files that agree with the manifest or the lock.
        public var verified: [String] = []
        /// Files whose size and digest were recorded now.
        public var recorded: [String] = []
        /// Optional files that are not there.
        public var absent: [String] = []
    }

    /// Compares the files in `folder` with the manifest and, where it does not know them, with the lock file.
    ///
    /// A file unknown to both is recorded in the lock, which is written atomically.
    ///
    /// - Throws: `BenchmarkError.missingFile`, `.manifest` naming file, size or digest found and expected
    public func verify(_ folder: URL, lock url: URL) throws -> Verification {
        var lock = try DataLock(url)
        var result = Verification()
        for file in files {
            let place = folder.file(file.path)
            guard place.exists else {
                guard file.isOptional else {
                    throw BenchmarkError.missingFile(benchmark: title, file: file.path, folder: folder.path)
                }
                result.absent.append(file.path)
                continue
            }
            let known = lock.entries[file.path]
            let size = try FileManager.default.attributesOfItem(atPath: place.path)[.size] as? Int ?? -1
            try compare(
                place, "bytes", found: "\(size)", expected: (file.bytes ?? known?.bytes).map { "\($0)" },
                isLock: file.bytes == nil, url)
            let digest = try Digest.sha256(ofFile: place)
            try compare(
                place, "SHA-256", found: digest, expected: file.sha256 ?? known?.sha256,
                isLock: file.sha256 == nil, url)
            if file.sha256 == nil, known == nil {
                lock.entries[file.path] = DataLock.Entry(bytes: size, sha256: digest)
                result.recorded.append(file.path)
            } else {
                result.verified.append(file.path)
            }
        }
        if !result.recorded.isEmpty { try lock.write(to: url) }
        return result
    }

    private func compare(
        _ url: URL, _ what: String, found: String, expected: String?, isLock: Bool, _ lock: URL
    ) throws {
        guard let expected, expected != found else { return }
        let origin = isLock ? "recorded in \(lock.path) when it was first used" : "in the manifest of \(name)"
        throw BenchmarkError.manifest(
            file: url.path,
            reason:
                "\(what) is \(found), expected \(expected) as \(origin); the file changed or is another "
                + "version: obtain it again"
                + (isLock ? ", or delete its entry in the lock file to accept it" : ""))
    }
}
