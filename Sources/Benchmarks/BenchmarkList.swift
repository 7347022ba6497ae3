import Files
import Foundation
import Records

/// Every benchmark there is, in the order of the paper's table, then one's own test sets.
public enum BenchmarkList {
    /// The six columns of the paper's table, whose plain mean is AVG.
    public static let paper: [any Benchmark.Type] = [
        GQA.self, ScienceQA.self, TextVQA.self, POPE.self, MME.self, MMBench.self,
    ]

    /// Names that say all; besides there is `qa-<label>` for several test sets of one's own.
    public static let names =
        paper.map { $0.name } + QuestionsAndAnswers.known.map(\.name) + [QuestionsAndAnswers.name]

    /// The names as `--help` lists them.
    public static let help = (names + ["\(QuestionsAndAnswers.name)-<label>"]).joined(separator: ", ")

    /// Whether a benchmark has this name.
    public static func isKnown(_ name: String) -> Bool {
        names.contains(name) || QuestionsAndAnswers.isName(name)
    }

    /// Throws `BenchmarkError.unknownBenchmark` for a name that no benchmark has.
    public static func check(_ name: String) throws {
        guard isKnown(name) else {
            throw BenchmarkError.unknownBenchmark(name: name, known: names)
        }
    }

    /// The heading of the benchmark called `name`, or the name.
    public static func title(of name: String) -> String {
        paper.first { $0.name == name }?.title ?? QuestionsAndAnswers.title(of: name) ?? name
    }

    /// Names in the order of columns: the paper's, those known here, then by name.
    public static func inOrder(_ names: some Sequence<String>) -> [String] {
        func place(_ name: String) -> Int { self.names.firstIndex(of: name) ?? self.names.count }
        return Set(names).sorted { (place($0), $0) < (place($1), $1) }
    }

    /// Opens the benchmark called `name`.
    ///
    /// - Parameter location: its folder; of one's own test set also its file
    public static func open(_ name: String, at location: URL) throws -> any Benchmark {
        try check(name)
        if let benchmark = paper.first(where: { $0.name == name }) {
            return try benchmark.init(folder: location)
        }
        return try QuestionsAndAnswers(name: name, at: location)
    }

    /// Opens a benchmark; with a folder of manifests it is held to its own: counts, then every file.
    ///
    /// - Returns: the benchmark, and the files whose sizes and digests were recorded in `<manifests>/locks`
    ///   now
    public static func open(
        _ name: String, at location: URL, manifests: URL?
    ) throws -> (benchmark: any Benchmark, recorded: [String]) {
        let benchmark = try open(name, at: location)
        guard let manifests, let own = benchmark.manifest else { return (benchmark, []) }
        let manifest = try DataManifest(manifests.file("\(own).json"))
        try benchmark.check(expected: manifest.expectedCounts)
        let lock = manifests.file("locks/\(manifest.name).json")
        return (benchmark, try manifest.verify(benchmark.folder, lock: lock).recorded)
    }
}
