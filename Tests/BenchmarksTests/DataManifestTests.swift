import Benchmarks
import Foundation
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

    @Test func everyBenchmarkHasAManifestWithItsOfficialCounts() throws {
        for benchmark in BenchmarkList.all where !benchmark.name.hasPrefix("groceries") {
            let manifest = try DataManifest(Self.folder.appendingPathComponent("\(benchmark.name).json"))
            #expect(manifest.name == benchmark.name && manifest.expectedCounts == benchmark.officialCounts)
        }
        let all = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).filter {
            $0.hasSuffix(".json")
        }
        #expect(all.count >= 8)
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
            let error = message { _ = try manifest.verify(folder, lock: lock) }
            #expect(error.contains("a.txt: SHA-256 is ") && error.contains("lock.json"))
            try "three".write(to: data, atomically: true, encoding: .utf8)
            #expect(
                message { _ = try manifest.verify(folder, lock: lock) }.contains("bytes is 5, expected 3"))
        }
    }

    @Test func missingFilesAndBadManifestsAreNamed() throws {
        try withTemporaryFolder { folder in
            let good = try manifest(#"{"path": "a.txt", "bytes": null, "sha256": null}"#, in: folder)
            #expect(
                message { _ = try good.verify(folder, lock: folder.appendingPathComponent("l")) }.contains(
                    "'a.txt'"))
            #expect(
                message { _ = try manifest(#"{"path": "../a", "bytes": null, "sha256": null}"#, in: folder) }
                    .contains("field 'path'"))
            #expect(
                message { _ = try manifest(#"{"path": "a", "bytes": null, "sha256": "12"}"#, in: folder) }
                    .contains("field 'sha256'"))
            #expect(
                message { _ = try manifest(#"{"path": "a", "sha256": null}"#, in: folder) }.contains(
                    "field 'bytes' is absent"))
        }
    }
}
