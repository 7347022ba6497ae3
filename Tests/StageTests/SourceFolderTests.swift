import ArgumentParser
import Foundation
import Stage
import Testing

@Suite struct SourceFolderTests {
    private func sources(_ arguments: [String]) throws -> [(name: String, folder: URL)] {
        try arguments.compactMap { SourceFolder(argument: $0) }.sources("--shards")
    }

    @Test func aFolderNeedsNoName() throws {
        let one = try sources(["/a/b"])
        #expect(one.map(\.name) == [""] && one.map(\.folder.path) == ["/a/b"])
        #expect(
            [SourceFolder(name: "", url: URL(fileURLWithPath: "/a"))].inputs("shards").map(\.name) == [
                "shards"
            ])
    }

    @Test func severalHaveNamesOfTheirOwn() throws {
        let two = try sources(["vsr=/a", "coco-2017=/b=c"])
        #expect(two.map(\.name) == ["vsr", "coco-2017"] && two.map(\.folder.path) == ["/a", "/b=c"])
        #expect(
            ["vsr=/a", "coco=/b"].compactMap { SourceFolder(argument: $0) }.inputs("shards").map(\.name)
                == ["shards vsr", "shards coco"])
    }

    /// `runs/kd=2/shards` is such a folder.
    @Test func aFolderThatExistsIsNoNameOfAnother() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())=2")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        #expect(try sources([folder.path]).map(\.folder.path) == [folder.path])
    }

    @Test(arguments: [
        ([], "Missing expected argument '--shards <folder>'"),
        (["/a", "/b"], "several --shards need names of their own: --shards name=folder"),
        (["a=/a", "a=/b"], "several --shards need names of their own: --shards name=folder"),
        (["a b=/a"], "--shards: a name is made of letters, digits, '-', '_' and '.', not 'a b'"),
    ])
    func otherArgumentsAreRefused(arguments: [String], message: String) {
        let error = #expect(throws: ValidationError.self) { try sources(arguments) }
        #expect(error?.message == message)
    }
}
