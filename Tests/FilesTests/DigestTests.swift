import Files
import Foundation
import TestSupport
import Testing

@Suite struct DigestTests {
    // FIPS 180-2, appendix B.
    private let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

    @Test func publishedVectors() {
        #expect(Digest.sha256("abc") == abc)
        #expect(
            Digest.sha256([UInt8]()) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(
            Digest.sha256([UInt8](repeating: 97, count: 1_000_000))
                == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test func aFileIsDigestedInBlocks() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("a")
            try AtomicOutput.writeAtomically([UInt8](repeating: 97, count: 1_000_000), to: url)
            #expect(
                try Digest.sha256(ofFile: url)
                    == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
            #expect(throws: FilesError.missing(path: url.path + "x")) {
                try Digest.sha256(ofFile: URL(fileURLWithPath: url.path + "x"))
            }
        }
    }

    @Test func partsDoNotRunTogether() {
        let one = Digest.sha256(of: [(name: "ab", bytes: [1]), (name: "c", bytes: [2])])
        #expect(one != Digest.sha256(of: [(name: "a", bytes: [98, 1]), (name: "c", bytes: [2])]))
        #expect(one != Digest.sha256(of: [(name: "c", bytes: [2]), (name: "ab", bytes: [1])]))
        #expect(one == Digest.sha256(of: [(name: "ab", bytes: [1]), (name: "c", bytes: [2])]))
    }

    @Test func aFolderHasTheDigestOfItsChecksumList() throws {
        try withTemporaryFolder { folder in
            try AtomicOutput.writeAtomically("abc", to: folder.appendingPathComponent("b/x"))
            try AtomicOutput.writeAtomically("abc", to: folder.appendingPathComponent("a"))
            try AtomicOutput.writeAtomically("no", to: folder.appendingPathComponent(".hidden"))
            // printf '%s  a\n%s  b/x\n' $abc $abc | sha256sum
            #expect(try Digest.sha256(ofFolder: folder) == Digest.sha256("\(abc)  a\n\(abc)  b/x\n"))
            #expect(try Digest.sha256(ofFolder: folder, excluding: ["a"]) == Digest.sha256("\(abc)  b/x\n"))
        }
    }
}
