import Files
import Foundation
import TestSupport
import Testing

@Suite struct AtomicOutputTests {
    private struct Stop: Error {}
    private func names(_ folder: URL) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }

    @Test func aFolderAppearsWhole() throws {
        try withTemporaryFolder { folder in
            let target = folder.appendingPathComponent("deep/out")
            try AtomicOutput.folder(at: target) { building in
                try AtomicOutput.writeAtomically("1", to: building.appendingPathComponent("sub/a"))
                #expect(!FileManager.default.fileExists(atPath: target.path))
            }
            #expect(try String(contentsOf: target.appendingPathComponent("sub/a"), encoding: .utf8) == "1")
            #expect(try names(target.deletingLastPathComponent()) == ["out"])
        }
    }

    /// What stands in the way is named as it is: a file, a ring of links, a link to nothing.
    @Test func theCauseOfAFolderThatCannotBeMadeIsTheSystems() throws {
        try withTemporaryFolder { folder in
            func path(_ name: String) -> URL { folder.appendingPathComponent(name) }
            try AtomicOutput.writeAtomically("x", to: path("file"))
            for (link, target) in [("ring", "gnir"), ("gnir", "ring"), ("dangling", "nothing")] {
                #expect(symlink(target, path(link).path) == 0)
            }
            for (name, blamed, operation, code) in [
                ("file/a/b", "file/a", "make the folder", ENOTDIR),
                ("file/b", "file", "make the folder", ENOTDIR),
                ("ring/a/b", "ring/a", "make the folder", ELOOP),
                ("dangling/a/b", "dangling", "make the folder through a link that leads nowhere", ENOENT),
            ] {
                let expected = FilesError.system(path: path(blamed).path, operation: operation, code: code)
                #expect(throws: expected, "\(name)") { try AtomicOutput.writeAtomically("x", to: path(name)) }
                #expect(throws: expected, "\(name)") { try JSONLinesWriter(appendingTo: path(name)) }
            }
        }
    }

    @Test func anErrorLeavesNothing() throws {
        try withTemporaryFolder { folder in
            #expect(throws: Stop.self) {
                try AtomicOutput.folder(at: folder.appendingPathComponent("out")) { building in
                    try AtomicOutput.writeAtomically("1", to: building.appendingPathComponent("a"))
                    throw Stop()
                }
            }
            let left = try names(folder)
            #expect(left == [])
        }
    }

    @Test func aFolderThatIsThereIsReplacedOnlyWhenAsked() throws {
        try withTemporaryFolder { folder in
            let target = folder.appendingPathComponent("out")
            try AtomicOutput.writeAtomically("mine", to: target.appendingPathComponent("a"))
            #expect(throws: FilesError.self) { try AtomicOutput.folder(at: target) { _ in } }
            #expect(try names(folder) == ["out"])
            #expect(try names(target) == ["a"])
            try AtomicOutput.folder(at: target, replacing: true) {
                try AtomicOutput.writeAtomically("2", to: $0.appendingPathComponent("b"))
            }
            #expect(try names(folder) == ["out"])
            #expect(try names(target) == ["b"])
        }
    }
}
