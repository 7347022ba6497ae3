import Files
import Foundation
import Records

/// The folder `<out>/<manifest>` with the data of one manifest, and its lock `fetch.lock`.
///
/// Every file that came, and every file that was found there, has its size and digest in the lock.
final class DataFolder: Sendable {
    let manifest: DataManifest
    let url: URL
    private let lock: Guarded<DataLock>
    private let lockURL: URL
    private let claim = Guarded<FolderLock?>(nil)

    /// What is there of a file.
    enum Condition: Equatable {
        case absent
        /// It is what manifest and lock say.
        case present(bytes: Int)
        /// It is there, and neither manifest nor lock knew its digest; the lock does now.
        case recorded(bytes: Int)
    }

    /// - Parameter out: folder that holds those of all manifests
    init(_ manifest: DataManifest, in out: URL) throws {
        self.manifest = manifest
        url = out.appendingPathComponent(manifest.name)
        lockURL = url.appendingPathComponent(DataLock.fileName)
        lock = Guarded(try DataLock(lockURL))
    }

    deinit { release() }

    /// Makes the folder and takes it for this process, until `release`.
    ///
    /// - Throws: `FetchError.busy` while another process has it
    func take() throws {
        try checkFolders(of: ".")
        try AtomicOutput.makeFolder(url)
        // One that was killed may take a moment to go.
        guard let mark = try FolderLock(url.appendingPathComponent(".fetching"), patience: 30) else {
            throw FetchError.busy(folder: url.path)
        }
        claim.withLock { $0 = mark }
        // Another process may have fetched since the lock was read.
        let current = try DataLock(lockURL)
        lock.withLock { $0 = current }
    }

    /// Lets other processes have the folder; harmless where it is not taken.
    func release() {
        claim.withLock { mark in
            mark?.remove()
            mark = nil
        }
    }

    /// What the lock knows of a file.
    func entry(_ path: String) -> DataLock.Entry? { lock.withLock { $0.entries[path] } }

    /// Writes down what a file is.
    func record(_ path: String, _ entry: DataLock.Entry) throws {
        try lock.withLock { lock in
            lock.entries[path] = entry
            try lock.write(to: lockURL)
        }
    }

    /// The place of a file.
    func place(_ file: DataManifest.File) -> URL { url.appendingPathComponent(file.path) }

    /// Looks at a file and holds it to manifest and lock.
    ///
    /// - Parameter isRead: whether a file that is in the lock is read all the same, to digest it; then
    ///   nothing is recorded
    /// - Throws: `FetchError.differs`, `.inTheWay`
    func condition(of file: DataManifest.File, isRead: Bool) throws -> Condition {
        try checkFolders(of: file.path)
        let place = place(file)
        var status = stat()
        guard lstat(place.path, &status) == 0 else { return .absent }
        // A link to a file elsewhere is read as the file. It is never written: what is there stays.
        guard stat(place.path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw FetchError.inTheWay(path: place.path, problem: "is no file")
        }
        let (bytes, known) = (Int(status.st_size), entry(file.path))
        try compare(place, "size", "\(bytes)", file.bytes.map { "\($0)" }, (known?.bytes).map { "\($0)" })
        if let known, !isRead, file.sha256 == nil || file.sha256 == known.sha256 {
            return .present(bytes: bytes)
        }
        let digest = try Digest.sha256(ofFile: place)
        try compare(place, "SHA-256", digest, file.sha256, known?.sha256)
        guard known == nil, !isRead else { return .present(bytes: bytes) }
        try record(file.path, DataLock.Entry(bytes: bytes, sha256: digest))
        return file.sha256 == nil ? .recorded(bytes: bytes) : .present(bytes: bytes)
    }

    private func compare(
        _ place: URL, _ item: String, _ found: String, _ inManifest: String?, _ inLock: String?
    ) throws {
        func differs(_ expected: String, _ origin: FetchError.Origin) -> FetchError {
            .differs(file: place.path, item: item, found: found, expected: expected, origin: origin)
        }
        if let inManifest, inManifest != found { throw differs(inManifest, .manifest(manifest.name)) }
        if let inLock, inLock != found { throw differs(inLock, .lock(lockURL.path)) }
    }

    /// Refuses folders on the way to a file that are links: nothing is written through links.
    private func checkFolders(of path: String) throws {
        var folder = url
        for part in [""] + path.split(separator: "/").dropLast().map(String.init) {
            if !part.isEmpty { folder.appendPathComponent(part) }
            var status = stat()
            guard lstat(folder.path, &status) == 0 else { return }
            guard status.st_mode & S_IFMT == S_IFDIR else {
                throw FetchError.inTheWay(path: folder.path, problem: "is a link, or no folder")
            }
        }
    }
}
