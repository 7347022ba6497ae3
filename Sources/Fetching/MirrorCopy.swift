import Files
import Foundation

/// A file of a mirror's folder, copied; a copy that was cut off goes on while the source is the same.
struct MirrorCopy {
    private let source: URL
    private let download: Download
    private static let blockBytes = 1 << 20

    init(_ source: URL, of download: Download) { (self.source, self.download) = (source, download) }

    func run(into part: PartialFile) throws {
        let descriptor = open(source.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            guard errno == ENOENT || errno == ENOTDIR else {
                throw FilesError.system(path: source.path, operation: "open it", code: errno)
            }
            throw FetchError.notInMirror(file: source.path)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw FetchError.notInMirror(file: source.path)
        }
        let total = Int(status.st_size)
        try download.check(total: total)
        let times = [status.st_mtim, status.st_ctim].map { "\($0.tv_sec).\($0.tv_nsec)" }
        let origin = PartialFile.Origin(
            url: source.path, validator: "\(status.st_ino) \(times.joined(separator: " "))", total: total)
        if part.origin != origin || part.bytes > total { try part.begin(origin) }
        download.event(.began(file: download.file, offset: part.bytes, total: total))
        guard lseek(descriptor, off_t(part.bytes), SEEK_SET) >= 0 else {
            throw FilesError.system(path: source.path, operation: "seek in it", code: errno)
        }
        try copy(descriptor, into: part, total: total)
    }

    private func copy(_ descriptor: Int32, into part: PartialFile, total: Int) throws {
        let block = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.blockBytes, alignment: 16)
        defer { block.deallocate() }
        while part.bytes < total {
            guard !download.stop() else { throw FetchError.interrupted }
            let count = read(descriptor, block.baseAddress, min(block.count, total - part.bytes))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw FilesError.system(path: source.path, operation: "read it", code: errno)
            }
            guard count > 0 else {
                throw FetchError.wrongAnswer(
                    url: source.path, problem: "it ended after \(part.bytes) of \(total) bytes")
            }
            try part.append(UnsafeRawBufferPointer(rebasing: block[..<count]))
            download.event(.received(bytes: count))
        }
    }
}
