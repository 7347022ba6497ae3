import Files
import Foundation
import TestSupport
import Testing

@Suite struct FileNameTests {
    @Test func aNameIsTextWithoutControls() {
        #expect(FileName.checked(Array("café 1.jpg".utf8)) == "café 1.jpg")
        #expect(FileName.checked([0x63, 0xE9]) == nil)
        #expect(FileName.checked(Array("a\nb".utf8)) == nil)
        #expect(FileName.shown([0x63, 0xE9]) == "c\\xe9" && FileName.shown(Array("a\nb".utf8)) == "a\\nb")
    }

    @Test(arguments: [[0x63, 0xE9] as [UInt8], Array("a\nb".utf8)])
    func aFolderWithANameThatCannotBeWrittenDownIsRefused(name: [UInt8]) throws {
        try withTemporaryFolder { folder in
            let path = Array(folder.path.utf8) + Array("/".utf8) + name + [0]
            let file = open(path.map(CChar.init(bitPattern:)), O_WRONLY | O_CREAT, 0o600)
            try #require(file >= 0)
            close(file)
            #expect { try FolderListing.files(below: folder) } throws: {
                "\($0)".contains("'\(FileName.shown(name))'") && "\($0)".contains("rename it")
            }
        }
    }
}
