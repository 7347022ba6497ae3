import Fetching
import Foundation
import Records
import TestSupport
import Testing

/// The manifests of the repository.
@Suite struct DataManifestsTests {
    private let manifests: [DataManifest]

    init() throws {
        let folder = Fixtures.repository.appendingPathComponent("data-manifests")
        manifests = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            .filter { $0.hasSuffix(".json") }.map { try DataManifest(folder.appendingPathComponent($0)) }
    }

    @Test func everyManifestThatAnotherNeedsExists() {
        let names = Set(manifests.map(\.name))
        for manifest in manifests {
            #expect(Set(manifest.needs).isSubset(of: names), "\(manifest.name)")
        }
    }

    @Test func everyManifestIsOnThePageAndEachPageEntryIsAManifest() throws {
        let page = try String(
            contentsOf: Fixtures.repository.appendingPathComponent("docs/data.md"), encoding: .utf8)
        let tables = page.components(separatedBy: "\n## A manifest")[0]
        let named = Set(tables.matches(of: #/(?m)^\| `([a-z0-9.-]+)` \|/#).map { String($0.output.1) })
        #expect(named == Set(manifests.map(\.name)))
    }

    /// Without a digest an address that anybody on the way can change is all there is.
    @Test func plainAddressesAreThoseOfCOCOOnly() {
        for manifest in manifests {
            for file in manifest.files where file.url?.hasPrefix("http:") == true {
                #expect(manifest.name.hasPrefix("coco-"), "\(manifest.name)/\(file.path)")
                #expect(!manifest.holes.isEmpty)
            }
        }
    }

    @Test func whatTheFormOfAManifestRefuses() throws {
        for (field, problem) in [
            (#""path": "../a""#, "'files[0].path' is \"../a\", expected a path below the data set's folder"),
            (#""path": "/etc/a""#, "'files[0].path' is \"/etc/a\", expected a path below"),
            (#""path": "a/./b""#, "expected a path below"),
            (#""path": ".a.part""#, "expected a path below"),
            (#""path": "fetch.lock""#, "expected a path below"),
            (#""path": "a\nb""#, "expected a path below"),
            (#""path": "a", "url": "file:///etc/passwd""#, "expected an address that begins with https://"),
            (#""path": "a", "url": "https://a b""#, "expected an address that begins with https://"),
            (#""path": "a", "bytes": -1"#, "expected a whole number from 0"),
            (#""path": "a"}, {"path": "a""#, "'files[1].path' is \"a\", expected each file once"),
        ] {
            try withTemporaryFolder { folder in
                let url = folder.appendingPathComponent("m.json")
                let text =
                    #"{"name": "m", "title": "M", "licence": "-", "obtain": [], "files": [{\#(field)}]}"#
                try text.write(to: url, atomically: true, encoding: .utf8)
                #expect(thrownText { _ = try DataManifest(url) }.contains(problem), "\(field)")
            }
        }
    }
}
