import Files
import Foundation
import Shards
import TestSupport
import Testing

/// Samples whose pictures are not there or cannot be read.
extension BadDataTests {
    @Test func aMissingImageIsNamed() throws {
        try expectRefusal(
            { _ in record("gone.jpg", "<image>\nq") }, kind: "missing-image",
            saying: "sample 'x': image 'gone.jpg' is not in …/images; correct it, or set on_bad_sample: skip")
    }

    /// Also absolute paths are looked for below the folder.
    @Test func aPathFromTheRootIsOneBelowTheImages() throws {
        try withTemporaryFolder { folder in
            let data = try SmallData(in: folder)
            var records = data.records
            records = records.map { record in
                var record = record
                if let name = record["image"] as? String { record["image"] = "/" + name }
                return record
            }
            let (plain, absolute) = (folder.appendingPathComponent("a"), folder.appendingPathComponent("b"))
            try data.packing().run(into: plain)
            try SmallData.write(records, to: data.json)
            try data.packing().run(into: absolute)
            #expect(try contents(plain) == contents(absolute))
        }
        try expectRefusal(
            { _ in record("/data/gone.jpg", "<image>\nq") }, kind: "missing-image",
            saying: "sample 'x': image '/data/gone.jpg' is not in …/images (also paths from the root are "
                + "looked for below it); correct it, or set on_bad_sample: skip")
    }

    @Test func aNameInAnotherFormIsNotFoundAndSaysWhy() throws {
        try expectRefusal(
            { data in
                try AtomicOutput.writeAtomically(
                    SmallData.picture(3).pngBytes(),
                    to: data.imageFolder.appendingPathComponent("cafe\u{301}.png"))
                return record("caf\u{E9}.png", "<image>\nq")
            }, kind: "missing-image",
            saying:
                "sample 'x': image 'caf\u{E9}.png' is not in …/images (names are compared byte by byte: é "
                + "may also be stored as e and an accent); correct it, or set on_bad_sample: skip")
    }

    /// In a folder and in an archive: what the user may have meant is said, and not taken.
    @Test(arguments: [
        ("PICTURE.PNG", "sub/Picture.png", ["in/Picture.png"]), ("x/y/a.png", "a.png", ["b/a.png"]),
        ("a.png", "images/a.png", ["images/b.png"]), ("a.jpg", "a.jpeg", ["a/b.jpg"]),
        (#"s\a.png"#, "s/a.png", ["t/a.png"]), ("\u{FB01}g.png", "fig.png", ["fi.png"]),
    ])
    func aNameThatIsNearlyThereIsSaid(asked: String, there: String, others: [String]) throws {
        let asked = there.hasPrefix("sub/") ? "sub/\(asked)" : asked
        try withTemporaryFolder { folder in
            let data = try SmallData(in: folder)
            try SmallData.write([record(asked, "<image>\nq")], to: data.json)
            let images = folder.appendingPathComponent("given")
            for name in others + [there] {
                try AtomicOutput.writeAtomically(
                    SmallData.picture(3).pngBytes(), to: images.appendingPathComponent(name))
            }
            let tar = folder.appendingPathComponent("given.tar")
            let writer = try TarWriter(tar)
            for name in others + [there] {
                try writer.add(name, [UInt8](Data(contentsOf: images.appendingPathComponent(name))))
            }
            try writer.commit()
            for source in [images, tar] {
                let error = try failure(ShardsError.self) {
                    try data.packing(images: source).run(into: folder.appendingPathComponent("out"))
                }
                #expect(
                    "\(String(describing: error))".contains(
                        "is not in \(source.path) (it has '\(there)'; names must be the same)"),
                    "\(String(describing: error))")
            }
        }
    }

    @Test func aTruncatedImageIsNamed() throws {
        try expectRefusal(
            { data in
                let whole = try SmallData.picture(3).jpegBytes()
                try AtomicOutput.writeAtomically(
                    Array(whole.prefix(300)), to: data.imageFolder.appendingPathComponent("cut.jpg"))
                return record("cut.jpg", "<image>\nq")
            }, kind: "bad-image",
            saying: "sample 'x': cut.jpg: this JPEG image is cut short: it ends after "
                + "300 bytes, before its last pixel; fetch it again; correct it, or set on_bad_sample: skip")
    }

    @Test func anImageOfZeroBytesIsNamed() throws {
        try expectRefusal(
            { data in
                try AtomicOutput.writeAtomically(
                    [UInt8](), to: data.imageFolder.appendingPathComponent("empty.png"))
                return record("empty.png", "<image>\nq")
            }, kind: "bad-image",
            saying: "sample 'x': empty.png: the image has 0 bytes; fetch or write it "
                + "again; correct it, or set on_bad_sample: skip")
    }
}
