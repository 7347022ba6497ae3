import Files
import Foundation
import Records

/// Brings the files of manifests into `<out>/<manifest>/`, several at a time.
///
/// ```
/// let fetcher = try Fetcher(manifests, into: out, mirror: nil, only: [], settings: FetchSettings())
/// let report = try fetcher.run(stop: { interruption.isRequested }) { event in … }
/// ```
public struct Fetcher: Sendable {
    /// A file, and the folder it belongs into.
    private struct Job: Sendable {
        let folder: DataFolder
        let file: DataManifest.File

        var name: String { "\(folder.manifest.name)/\(file.path)" }
    }

    private let jobs: [Job]
    private let folders: [DataFolder]
    private let mirror: Mirror?
    private let settings: FetchSettings

    /// - Parameters:
    ///   - out: folder that holds one folder for each manifest
    ///   - mirror: where files come from instead of the manifests' addresses
    ///   - patterns: `*.json` or `pope/*`; files whose path, or manifest and path, fits one are asked for;
    ///     all where there is none
    /// - Throws: `FilesError` for a lock that cannot be read; `FetchError.noMatch`, `.repeated`
    public init(
        _ manifests: [DataManifest], into out: URL, mirror: Mirror?, only patterns: [String],
        settings: FetchSettings
    ) throws {
        (self.mirror, self.settings) = (mirror, settings)
        let names = manifests.map(\.name)
        if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
            throw FetchError.repeated(manifest: twice)
        }
        folders = try manifests.map { try DataFolder($0, in: out) }
        let all = folders.flatMap { folder in folder.manifest.files.map { Job(folder: folder, file: $0) } }
        jobs = all.filter { job in
            patterns.isEmpty
                || patterns.contains { fnmatch($0, job.file.path, 0) == 0 || fnmatch($0, job.name, 0) == 0 }
        }
        guard !jobs.isEmpty else { throw FetchError.noMatch(patterns: patterns) }
    }

    /// Looks at what is there, digests all of it, and changes nothing.
    public func check() -> FetchReport {
        report(jobs.map { job in outcome { try self.look(job, isRead: true) ?? .missing } })
    }

    /// Fetches what is not there.
    ///
    /// What fails does not keep other files from coming.
    ///
    /// - Parameters:
    ///   - stop: asked every second at least; true ends the transfers, and what came is kept
    ///   - event: called from several threads
    /// - Throws: `FetchError.busy`, `.interrupted`
    public func run(
        stop: @escaping @Sendable () -> Bool, event: @escaping @Sendable (FetchEvent) -> Void
    ) throws -> FetchReport {
        defer { for folder in folders { folder.release() } }
        for folder in folders { try folder.take() }
        let outcomes = WorkQueue(jobs) { job in
            outcome {
                guard !stop() else { throw FetchError.interrupted }
                return try look(job, isRead: false) ?? fetch(job, stop: stop, event: event)
            }
        }.run(threads: settings.parallel)
        guard !stop() else { throw FetchError.interrupted }
        return report(outcomes)
    }

    private func report(_ outcomes: [FetchReport.Outcome]) -> FetchReport {
        var report = FetchReport()
        for (job, outcome) in zip(jobs, outcomes) {
            report.items.append(
                FetchReport.Item(
                    manifest: job.folder.manifest.name, path: job.file.path,
                    isOptional: job.file.isOptional, outcome: outcome))
        }
        return report
    }

    private func outcome(_ body: () throws -> FetchReport.Outcome) -> FetchReport.Outcome {
        do { return try body() } catch { return .failed(error) }
    }

    /// Nil where the file is not there.
    private func look(_ job: Job, isRead: Bool) throws -> FetchReport.Outcome? {
        switch try job.folder.condition(of: job.file, isRead: isRead) {
        case .absent: nil
        case .present(let bytes): .present(bytes: bytes)
        case .recorded(let bytes): .recorded(bytes: bytes)
        }
    }

    private func fetch(
        _ job: Job, stop: @escaping @Sendable () -> Bool, event: @escaping @Sendable (FetchEvent) -> Void
    ) throws -> FetchReport.Outcome {
        let known = job.folder.entry(job.file.path)
        let address = job.file.url.map { FileSource.address($0) }
        guard let source = mirror?.source(of: job.file.path, manifest: job.folder.manifest.name) ?? address
        else { return .byHand }
        let download = Download(
            file: job.name, source: source, target: job.folder.place(job.file),
            bytes: job.file.bytes ?? known?.bytes, mostBytes: job.file.mostBytes,
            sha256: job.file.sha256 ?? known?.sha256, settings: settings, stop: stop, event: event)
        let entry: DataLock.Entry
        do {
            entry = try download.run()
        } catch let error as FetchError where error.isAbsence && job.file.url == nil {
            return .byHand
        } catch let error as FetchError where error.isAbsence && job.file.isOptional {
            return .missing
        }
        try job.folder.record(job.file.path, entry)
        return .fetched(bytes: entry.bytes)
    }
}
