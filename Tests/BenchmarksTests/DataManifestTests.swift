import Benchmarks
import Foundation
import Records
import TestSupport
import Testing

@Suite struct DataManifestTests {
    private static let folder = Fixtures.repository.appendingPathComponent("data-manifests")

    private func manifest(_ files: String, in folder: URL) throws -> DataManifest {
        let url = folder.appendingPathComponent("m.json")
        try #"{"name": "m", "title": "M", "licence": "CC0", "obtain": ["draw it"], "files": [\#(files)]}"#
            .write(to: url, atomically: true, encoding: .utf8)
        return try DataManifest(url)
    }

    @Test(arguments: [
        #"{"path": "a"}, {"path": "a/b"}"#, #"{"path": "fetch.lock/a"}"#, #"{"path": "fetch.lock"}"#,
        #"{"path": "a", "bytes": 9, "most_bytes": 8}"#,
    ])
    func filesThatCanNeverBeThereAreRefused(files: String) throws {
        try withTemporaryFolder { folder in
            #expect(throws: (any Error).self) { try manifest(files, in: folder) }
            _ = try manifest(#"{"path": "ab"}, {"path": "a/b", "bytes": 8, "most_bytes": 8}"#, in: folder)
        }
    }

    @Test func everyBenchmarkHasAManifestWithItsOfficialCounts() throws {
        for benchmark in BenchmarkList.paper {
            let manifest = try DataManifest(Self.folder.appendingPathComponent("\(benchmark.name).json"))
            #expect(manifest.name == benchmark.name && manifest.expectedCounts == benchmark.officialCounts)
        }
        let all = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).filter {
            $0.hasSuffix(".json")
        }
        for name in all {
            let manifest = try DataManifest(Self.folder.appendingPathComponent(name))
            #expect(
                name == "\(manifest.name).json" && !manifest.files.isEmpty && !manifest.obtain.isEmpty
                    && !manifest.licence.isEmpty)
        }
    }

    @Test(.enabled(if: Fixtures.real("groceries") != nil))
    func theRealGroceriesAgreeWithTheirManifest() throws {
        let real = try #require(Fixtures.real("groceries"))
        let manifest = try DataManifest(Self.folder.appendingPathComponent("groceries.json"))
        try withTemporaryFolder { folder in
            let result = try manifest.verify(real, lock: folder.appendingPathComponent("lock.json"))
            #expect(result.recorded == [] && result.verified.contains("images.zip"))
        }
    }

    @Test func whatIsUnknownIsRecordedOnFirstUseAndEnforcedAfter() throws {
        try withTemporaryFolder { folder in
            let manifest = try manifest(
                #"{"path": "a.txt", "bytes": null, "sha256": null}, {"path": "b", "bytes": 1, "sha256": "#
                    + #"null, "optional": true}"#,
                in: folder)
            let data = folder.appendingPathComponent("a.txt")
            let lock = folder.appendingPathComponent("lock.json")
            try "one".write(to: data, atomically: true, encoding: .utf8)
            let first = try manifest.verify(folder, lock: lock)
            #expect(first.recorded == ["a.txt"] && first.absent == ["b"])
            let second = try manifest.verify(folder, lock: lock)
            #expect(second.recorded == [] && second.verified == ["a.txt"])
            try "two".write(to: data, atomically: true, encoding: .utf8)
            let error = thrownText(in: folder) { _ = try manifest.verify(folder, lock: lock) }
            #expect(
                error == "…/a.txt: SHA-256 is "
                    + "3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3, expected "
                    + "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed as recorded in "
                    + "…/lock.json when it was first used; the file changed or is another version: obtain it "
                    + "again, or delete its entry in the lock file to accept it")
            try "three".write(to: data, atomically: true, encoding: .utf8)
            #expect(
                thrownText(in: folder) { _ = try manifest.verify(folder, lock: lock) } == "…/a.txt: bytes "
                    + "is 5, expected 3 as recorded in …/lock.json when it was first used; the file changed "
                    + "or is another version: obtain it again, or delete its entry in the lock file to "
                    + "accept it")
        }
    }

    @Test func missingFilesAndBadManifestsAreNamed() throws {
        try withTemporaryFolder { folder in
            let good = try manifest(#"{"path": "a.txt", "bytes": null, "sha256": null}"#, in: folder)
            #expect(
                thrownText(in: folder) {
                    _ = try good.verify(folder, lock: folder.appendingPathComponent("l"))
                } == "…: not a M folder, it has no 'a.txt'; give the folder that holds the official release")
            #expect(
                thrownText(in: folder) {
                    _ = try manifest(#"{"path": "../a", "bytes": null, "sha256": null}"#, in: folder)
                } == "…/m.json:1: 'files[0].path' is \"../a\", expected a path below the data set's folder")
            #expect(
                thrownText(in: folder) {
                    _ = try manifest(#"{"path": "a", "bytes": null, "sha256": "12"}"#, in: folder)
                } == "…/m.json:1: 'files[0].sha256' is \"12\", expected 64 hexadecimal digits or null")
            #expect(
                thrownText(in: folder) { _ = try manifest(#"{"path": "a", "sha256": null}"#, in: folder) }
                    == "")
        }
    }
}
