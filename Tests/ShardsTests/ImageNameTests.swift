import Files
import Foundation
import Shards
import TestSupport
import Testing

/// Names of pictures, in folders and archives.
@Suite struct ImageNameTests {
    @Test func twoNamesThatOnlyUnicodeTakesForOneAreTwoPictures() throws {
        try withTemporaryFolder { folder in
            let data = try SmallData(in: folder)
            let names = ["caf\u{E9}.png", "cafe\u{301}.png"]
            for (number, name) in names.enumerated() {
                try AtomicOutput.writeAtomically(
                    SmallData.picture(number).pngBytes(), to: data.imageFolder.appendingPathComponent(name))
            }
            try SmallData.write(names.map { SmallData.record($0, "<image>\nq") }, to: data.json)
            let index = try data.packing().run(into: folder.appendingPathComponent("out"))
            #expect(index.totals.samples == 2 && index.totals.images == 2)
        }
    }

    /// In an archive; a folder's links are followed.
    @Test func aLinkInAnArchiveIsABadSample() throws {
        try withTemporaryFolder { folder in
            let data = try SmallData(in: folder)
            try FileManager.default.createSymbolicLink(
                atPath: data.imageFolder.appendingPathComponent("link.png").path,
                withDestinationPath: data.names[0])
            let tar = Process()
            tar.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            tar.arguments = ["tar", "-cf", folder.path + "/i.tar", "-C", data.imageFolder.path, "."]
            try tar.run()
            tar.waitUntilExit()
            try SmallData.write(
                Array(data.records.prefix(3)) + [SmallData.record("link.png", "<image>\nq")], to: data.json)
            let output = folder.appendingPathComponent("out")
            var packing = try data.packing(images: folder.appendingPathComponent("i.tar"))
            let text = thrownText(in: folder) { try packing.run(into: output) }
            #expect(text.contains("sample 'x': …/i.tar, member 'link.png' is a link to 'sub0/"), "\(text)")
            packing.settings.onBadSample = .skip
            let index = try packing.run(into: output)
            #expect(index.totals.samples == 3 && index.totals.skipped == 1)
            let listed = String(decoding: try #require(try contents(output)["skipped.jsonl"]), as: UTF8.self)
            #expect(listed.contains("\"kind\":\"linked-image\""), "\(listed)")
        }
    }
}

extension SmallData {
    static func record(_ image: String, _ question: String) -> [String: Any] {
        [
            "id": "x", "image": image,
            "conversations": [["from": "human", "value": question], ["from": "gpt", "value": "a thing"]],
        ]
    }
}
