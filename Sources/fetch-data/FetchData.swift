import ArgumentParser
import Fetching
import Files
import Foundation
import Records
import Stage

struct FetchData: ParsableCommand {
    static let configuration = StageHelp.configuration(
        "fetch-data", abstract: "Fetches data sets, benchmarks and published models that manifests name.",
        discussion: """
            The files of a manifest go to a folder of its name below --out: --manifest \
            data-manifests/pope.json --out data makes data/pope. What is there stays, what was cut off goes \
            on, and other manifests may join the same folder. Each file is held to the manifest's size and \
            digest, or to those that fetch.lock beside it recorded when it first came. What has to be got by \
            hand is printed, with where it is; put it into the same folder and run again. docs/data.md says \
            what each manifest is.
            """,
        example: "fetch-data --manifest data-manifests/pope.json --list")

    @Option(
        name: .customLong("manifest"), parsing: .singleValue,
        help: ArgumentHelp("A manifest; may be repeated.", valueName: "file.json"))
    var manifests: [String]
    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            "Only files whose path, or manifest and path, fits: '*.json', 'pope/*'; may be repeated.",
            valueName: "pattern"))
    var only: [String] = []
    @Option(
        help: ArgumentHelp(
            "Where all files come from instead of the manifests' addresses: <mirror>/<manifest>/<path>.",
            valueName: "folder-or-address"))
    var mirror: String?
    @Option(help: "Folder for the data; not needed with --list.") var out: String?
    @Option(help: "Files that are fetched at the same time.") var parallel = 4
    @Flag(
        help: "Digest what is there, fetch and change nothing; fails where something is missing or differs.")
    var check = false
    @Flag(help: "Print what the manifests say and end.") var list = false

    func validate() throws {
        guard !manifests.isEmpty else { throw ValidationError("no --manifest") }
        guard list || out != nil else { throw ValidationError("--out is missing") }
        guard (1...64).contains(parallel) else {
            throw ValidationError("--parallel \(parallel): expected 1 to 64")
        }
    }

    func run() throws {
        let manifests = try manifests.map { try DataManifest(URL(fileURLWithPath: $0)) }
        guard let out, !list else {
            print(
                manifests.map { ManifestText.listing($0).joined(separator: "\n") }.joined(separator: "\n\n"))
            return
        }
        var settings = FetchSettings()
        settings.parallel = parallel
        let folder = URL(fileURLWithPath: out).resolvingSymlinksInPath()
        let mirror = mirror.map { Mirror($0) }
        if case .folder(let folder)? = mirror, !FileManager.default.fileExists(atPath: folder.path) {
            throw FilesError.missing(path: folder.path)
        }
        let fetcher = try Fetcher(
            manifests, into: folder, mirror: mirror, only: only, settings: settings)
        let report = check ? fetcher.check() : try fetch(fetcher)
        for line in report.lines { print(Excerpt.message(line)) }
        for line in ManifestText.byHand(report, manifests) { print(line) }
        for manifest in manifests {
            let remarks = ManifestText.remarks(manifest)
            if !remarks.isEmpty { print(([manifest.name] + remarks).joined(separator: "\n")) }
        }
        if let error = report.firstError { throw error }
        if check, !report.isComplete { throw ExitCode(ExitStatus.missingInput) }
    }

    private func fetch(_ fetcher: Fetcher) throws -> FetchReport {
        let interruption = Interruption()
        let progress = Guarded(FetchProgress())
        let report = try fetcher.run(
            stop: { interruption.isRequested }, event: { event in progress.withLock { $0.take(event) } })
        progress.withLock { $0.finish() }
        return report
    }
}
