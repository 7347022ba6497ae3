import Files
import Foundation
import TestSupport
import Testing

@Suite struct FolderListingTests {
    private func link(_ name: String, to target: String, in folder: URL) throws {
        try FileManager.default.createSymbolicLink(
            atPath: folder.appendingPathComponent(name).path, withDestinationPath: target)
    }

    @Test func filesBehindLinksAreListedOnceAWay() throws {
        try withTemporaryFolder { folder in
            try AtomicOutput.writeAtomically("x", to: folder.appendingPathComponent("a/one"))
            try link("b", to: "a", in: folder)
            #expect(try FolderListing.files(below: folder) == ["a/one", "b/one"])
        }
    }

    /// Two rings make more paths than can be listed.
    @Test(arguments: [".", "..", "a"]) func ringsOfLinksAreRefused(target: String) throws {
        try withTemporaryFolder { folder in
            let inner = folder.appendingPathComponent("a")
            try AtomicOutput.writeAtomically("x", to: inner.appendingPathComponent("file"))
            for name in ["one", "two"] { try link(name, to: target == "a" ? "../a" : target, in: inner) }
            #expect {
                _ = try FolderListing.files(below: folder)
            } throws: {
                "\($0)".contains("/a/") && "\($0)".contains("cannot list it")
            }
        }
    }

    /// Nobody may ever write to it.
    @Test func aNamedPipeInPlaceOfAFileIsRefused() throws {
        try withTemporaryFolder { folder in
            let pipe = folder.appendingPathComponent("tokenizer.json")
            #expect(mkfifo(pipe.path, 0o600) == 0)
            #expect { _ = try InputBytes.read(pipe) } throws: {
                "\($0)".contains("tokenizer.json: it is a pipe, expected a file")
            }
            #expect { _ = try FileParts(pipe) } throws: { "\($0)".contains("it is a pipe") }
        }
    }

    /// What a shell hands over with `<(command)`.
    @Test func aPipeThatIsHandedOverIsRead() throws {
        let pipe = Pipe()
        try pipe.fileHandleForWriting.write(contentsOf: Data("{}".utf8))
        try pipe.fileHandleForWriting.close()
        let path = "/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)"
        #expect(try InputBytes.read(URL(fileURLWithPath: path)) == Array("{}".utf8))
    }
}
