import Files
import Foundation
import Records

/// One file on its way: attempt after attempt until it is whole, digested and under its name.
struct Download {
    /// Manifest's name and path, for events.
    let file: String
    let source: FileSource
    let target: URL
    /// Size it must have; nil where nobody knows it yet.
    let bytes: Int?
    /// Size it may have at most, where nobody knows it.
    let mostBytes: Int?
    /// Digest it must have; nil where nobody knows it yet.
    let sha256: String?
    let settings: FetchSettings
    let stop: @Sendable () -> Bool
    let event: @Sendable (FetchEvent) -> Void

    /// What an attempt must bring to count as one that got on.
    private static let progressBytes = 1 << 16

    /// How the attempts went.
    final class Course {
        /// Most bytes that any attempt had.
        var best: Int
        /// Attempts in a row that did not get on.
        var failures = 0
        /// Answers with another part than the one asked for.
        var wrongParts = 0
        /// Whole files whose digest was wrong.
        var wrongFiles = 0

        init(best: Int) { self.best = best }
    }

    /// - Returns: size and digest of the file, which is there
    /// - Throws: `FetchError`, `FilesError`; what came is kept for the next run
    func run() throws -> DataLock.Entry {
        let part = try PartialFile(of: target)
        defer { part.removeIfEmpty() }
        let course = Course(best: part.bytes)
        while true {
            do {
                guard !stop() else { throw FetchError.interrupted }
                try attempt(part, course)
                return try finish(part, course)
            } catch let error as FetchError where error.isPassing {
                let gained = part.bytes - course.best
                if gained >= Self.progressBytes { course.failures = 0 }
                course.best = max(course.best, part.bytes)
                course.failures += 1
                // A second whole file that is wrong is no accident, and costs as much as the first.
                guard course.failures < settings.tries, course.wrongFiles < 2 else { throw error }
                event(.failed(file: file, problem: error.problem))
                try pause(after: course.failures)
            }
        }
    }

    private func attempt(_ part: PartialFile, _ course: Course) throws {
        switch source {
        case .file(let url): try MirrorCopy(url, of: self).run(into: part)
        case .address(let url):
            guard let request = next(url, part, course) else { return }
            let answer = Answer(self, part, request, course)
            try Transfer(
                request, settings: settings, judge: answer.judge, take: answer.take, stop: stop
            ).run()
            try answer.end()
        }
    }

    /// What to ask for next; nil where everything has come.
    private func next(_ url: String, _ part: PartialFile, _ course: Course) -> Transfer.Request? {
        let isSame = part.origin?.url == url
        // Without a mark of the version only the digest can tell whether two parts belong together.
        let mayResume = sha256 != nil || (isSame && part.origin?.validator != nil)
        let total = bytes ?? (isSame ? part.origin?.total : nil)
        guard part.bytes > 0, mayResume, course.wrongParts < 2, total.map({ part.bytes <= $0 }) ?? true
        else { return Transfer.Request(url: url, offset: 0, validator: nil) }
        if part.bytes == total { return nil }
        return Transfer.Request(
            url: url, offset: part.bytes, validator: isSame ? part.origin?.validator : nil)
    }

    private func finish(_ part: PartialFile, _ course: Course) throws -> DataLock.Entry {
        let digest = try Digest.sha256(ofFile: part.url)
        let entry = DataLock.Entry(bytes: part.bytes, sha256: digest)
        if let sha256, digest != sha256 {
            course.wrongFiles += 1
            try part.empty()
            throw FetchError.differs(
                file: file, item: "SHA-256", found: digest, expected: sha256, origin: .download(of: shown))
        }
        try part.commit()
        event(.finished(file: file, bytes: entry.bytes))
        return entry
    }

    /// The source for messages.
    var shown: String {
        switch source {
        case .address(let url): url
        case .file(let url): url.path
        }
    }

    /// The most bytes that may come.
    var bound: Int { bytes ?? mostBytes ?? Limit.downloadBytes.value }

    /// Refuses a size that is not that of the manifest.
    func check(total: Int?) throws {
        guard let total else { return }
        if let bytes, total != bytes {
            throw FetchError.wrongAnswer(
                url: shown, problem: "the file has \(total) bytes there, expected \(bytes)")
        }
        guard total <= bound else { throw tooLarge(bound) }
    }

    /// Whether only docs/limits.md bounds the file.
    var isBoundByLimit: Bool { bytes == nil && mostBytes == nil }

    /// What is said of a file that has no end, or one beyond the bound.
    func tooLarge(_ bound: Int) -> FilesError {
        let limit: Limit? =
            !isBoundByLimit ? nil : bound == Limit.downloadBytes.value ? .downloadBytes : .fileBytes
        return .tooLarge(path: shown, item: "the file", limit: bound, name: limit)
    }

    private func pause(after failures: Int) throws {
        let seconds = min(settings.pauseSeconds * Double(1 << min(failures - 1, 10)), 30)
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            guard !stop() else { throw FetchError.interrupted }
            Thread.sleep(forTimeInterval: min(0.1, seconds))
        }
    }
}
