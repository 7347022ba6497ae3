import Files
import Foundation

/// The folders of the benchmarks that a command line names.
public struct BenchmarkFolders: Sendable {
    public let folders: [(name: String, url: URL)]

    /// - Parameters:
    ///   - named: benchmarks given by name
    ///   - parent: a folder that holds benchmarks in subfolders of their names; those it has come after
    ///     `named`
    ///   - wanted: the only ones that count; empty for all
    /// - Throws: `BenchmarkError.unknownBenchmark`, `.noBenchmark`, `.repeatedBenchmark`,
    ///   `.missingBenchmark`, `.unreadable`
    public init(named: [(name: String, url: URL)], parent: URL?, wanted: [String] = []) throws {
        var folders = named
        if let parent {
            guard let inside = try? FileManager.default.contentsOfDirectory(atPath: parent.path) else {
                throw BenchmarkError.unreadable(file: parent.path, reason: "no such folder of benchmarks")
            }
            folders += BenchmarkList.inOrder(inside.filter(BenchmarkList.isKnown))
                .map { (name: $0, url: parent.appendingPathComponent($0)) }
        }
        for name in wanted where !folders.contains(where: { $0.name == name }) {
            try BenchmarkList.check(name)
            throw BenchmarkError.missingBenchmark(name: name)
        }
        folders = folders.filter { wanted.isEmpty || wanted.contains($0.name) }
        guard !folders.isEmpty else { throw BenchmarkError.noBenchmark }
        guard Set(folders.map(\.name)).count == folders.count else { throw BenchmarkError.repeatedBenchmark }
        self.folders = folders
    }

    /// The benchmarks, each opened by `open`.
    public func map<Result>(_ open: (_ name: String, _ folder: URL) throws -> Result) rethrows -> [Result] {
        try folders.map { try open($0.name, $0.url) }
    }
}
