import Files
import Foundation
import Shards
import TestSupport
import Testing

/// Records that cannot be packed; those whose pictures cannot are in BadDataTests+Pictures.swift.
@Suite struct BadDataTests {
    private typealias Turn = [String: String]

    func record(_ image: String?, _ question: String, _ answer: String = "a thing") -> [String: Any] {
        var record: [String: Any] = [
            "id": "x",
            "conversations": [["from": "human", "value": question], ["from": "gpt", "value": answer]],
        ]
        record["image"] = image
        return record
    }

    /// Puts a bad record behind three good ones; it must fail by default and be skipped, counted and listed
    /// when allowed.
    func expectRefusal(
        _ bad: (SmallData) throws -> [String: Any], kind: String, saying problem: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try withTemporaryFolder { folder in
            let data = try SmallData(in: folder)
            try SmallData.write(Array(data.records.prefix(3)) + [bad(data)], to: data.json)
            var packing = try data.packing()
            let output = folder.appendingPathComponent("out")
            let text = thrownText(in: folder) { try packing.run(into: output) }
            let place = #/^….data\.json: element 3 at byte \d+(, line \d+)?: /#
            #expect(
                text.replacing(place, with: "") == problem,
                sourceLocation: sourceLocation)
            #expect(try contents(output)["index.json"] == nil, sourceLocation: sourceLocation)

            packing.settings.onBadSample = .skip
            let index = try packing.run(into: output)
            #expect(index.totals.samples == 3 && index.totals.skipped == 1, sourceLocation: sourceLocation)
            let listed = String(decoding: try #require(try contents(output)["skipped.jsonl"]), as: UTF8.self)
            #expect(listed.split(separator: "\n").count == 1, sourceLocation: sourceLocation)
            #expect(listed.contains("\"kind\":\"\(kind)\""), "\(listed)", sourceLocation: sourceLocation)
        }
    }

    @Test func markersMustMatchTheImages() throws {
        try expectRefusal(
            { record($0.names[0], "no marker") }, kind: "image-markers",
            saying: "sample 'x': 0 <image> markers for 1 images; correct it, or set on_bad_sample: skip")
        try expectRefusal(
            { _ in record(nil, "<image>\nbut no image") }, kind: "image-markers",
            saying: "sample 'x': 1 "
                + "<image> markers for 0 images; correct it, or set on_bad_sample: skip")
        try expectRefusal(
            { record($0.names[0], "q", "<image> and <image>") }, kind: "misplaced-image-marker",
            saying: "sample 'x': turn 1: <image> belongs into a human turn; correct it, or "
                + "set on_bad_sample: skip")
    }

    @Test func aSampleWithNothingToLearnIsRefused() throws {
        // 300 tokens are the limit: the question fills them, so every label is cut off
        let long = String(repeating: "number thing called answers ", count: 200)
        try expectRefusal(
            { record($0.names[0], "<image>\n" + long) }, kind: "nothing-supervised",
            saying: "sample 'x': "
                + "no answer token is left within the length limit; correct it, or set on_bad_sample: skip")
        try expectRefusal(
            { _ in record(nil, long) }, kind: "nothing-supervised",
            saying: "sample 'x': no "
                + "answer token is left within the length limit; correct it, or set on_bad_sample: skip")
    }

    @Test func aLimitThatCutsIntoTheImageIsRefused() throws {
        let long = String(repeating: "number thing called answers ", count: 200)
        // the marker moves to the front of its own turn, so the first turn pushes the image beyond the limit
        try expectRefusal(
            { data in
                [
                    "id": "x", "image": data.names[0],
                    "conversations": [
                        ["from": "human", "value": long], ["from": "gpt", "value": "a"],
                        ["from": "human", "value": "<image>\nq"], ["from": "gpt", "value": "a"],
                    ],
                ]
            }, kind: "visual-tokens-cut",
            saying: "sample 'x': the visual tokens end at 919, beyond the "
                + "limit of 300 tokens; raise the limit or shorten the text before the image; correct it, "
                + "or set on_bad_sample: skip")
    }

    @Test func recordsOfTheWrongShapeNameTheField() throws {
        let turns: [Turn] = [["from": "human", "value": "q"], ["from": "gpt", "value": "a"]]
        let cases: [([String: Any], String)] = [
            (["id": "x"], "'conversations' is missing, expected an array"),
            (["id": "x", "conversations": "no"], "'conversations' is \"no\", expected an array"),
            (
                ["id": "x", "conversations": [["from": "human"]]],
                "'conversations[0].value' is missing, "
                    + "expected a string"
            ),
            (
                ["id": "x", "conversations": [turns[0], ["from": "robot", "value": "a"]]],
                "'conversations[1].from' is \"robot\", expected \"human\" or \"gpt\" (\"user\" and "
                    + "\"assistant\" do too)"
            ),
            (["id": "x", "conversations": ["text"]], "'conversations[0]' is \"text\", expected an object"),
            (["id": ["a"], "conversations": turns], "'id' is [\"a\"], expected a string or a number"),
            (["id": "x", "image": 7, "conversations": turns], "'image' is 7, expected a string"),
            (
                ["id": "x", "image": ["a", "b"], "conversations": turns],
                "'image' is [\"a\", \"b\"], expected "
                    + "one file name; several images in a sample are not supported"
            ),
        ]
        for (record, text) in cases {
            try expectRefusal({ _ in record }, kind: "malformed", saying: text)
        }
    }

    @Test func unalternatingRolesAreRefused() throws {
        try expectRefusal(
            { _ in
                [
                    "id": "x",
                    "conversations": [["from": "human", "value": "q"], ["from": "human", "value": "q"]],
                ]
            }, kind: "roles-do-not-alternate",
            saying: "sample 'x': turn 1 has the role of the turn before "
                + "it; roles must alternate, beginning with human; correct it, or set on_bad_sample: skip")
    }

    @Test func aFileThatIsNoListIsAnError() throws {
        try withTemporaryFolder { folder in
            let data = try SmallData(in: folder)
            for (text, word) in [
                ("[{\"id\": 1}", " at byte 10: truncated: the JSON document does not end"),
                ("[1 2]", " at byte 3: found '2', expected ',' or ']'"),
                ("", ": no sample is left to pack (0 skipped)"),
                ("[\n]", ": no sample is left to pack (0 skipped)"),
                ("[7]", ": element 0 at byte 1: is 7, expected an object"),
            ] {
                try AtomicOutput.writeAtomically(text, to: data.json)
                let output = folder.appendingPathComponent("out")
                let found = thrownText(in: folder) { try data.packing().run(into: output) }
                #expect(found == "…/data.json\(word)")
            }
        }
    }

    @Test func brokenJSONNamesItsPlace() throws {
        try withTemporaryFolder { folder in
            let data = try SmallData(in: folder, asLines: true)
            let whole = String(decoding: try Data(contentsOf: data.json), as: UTF8.self).split(
                separator: "\n")
            try AtomicOutput.writeAtomically(whole[0] + "\n{\"id\": }\n" + whole[1] + "\n", to: data.json)
            let error = #expect(throws: FilesError.self) {
                try data.packing().run(into: folder.appendingPathComponent("out"))
            }
            guard case .notJSON("\(data.json.path): line 2", let failure)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(failure.offset == 7)
        }
    }

    @Test func imagesWithoutASourceAreAnError() throws {
        try withTemporaryFolder { folder in
            let data = try SmallData(in: folder)
            var packing = try data.packing()
            packing.images = nil
            let error = try failure(ShardsError.self) {
                try packing.run(into: folder.appendingPathComponent("out"))
            }
            guard case .noImageSource? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test func aTruncatedArchiveIsAnError() throws {
        try withTemporaryFolder { folder in
            let data = try SmallData(in: folder)
            let tar = try data.tar("a.tar", order: data.names)
            let bytes = [UInt8](try Data(contentsOf: tar))
            try AtomicOutput.writeAtomically(Array(bytes.prefix(bytes.count / 2)), to: tar)
            #expect(throws: FilesError.self) {
                try data.packing(images: tar).run(into: folder.appendingPathComponent("out"))
            }
        }
    }

    @Test func whenEverySampleIsSkippedThereIsNoDataSet() throws {
        try withTemporaryFolder { folder in
            let data = try SmallData(in: folder)
            try SmallData.write([record("gone.jpg", "<image>\nq")], to: data.json)
            var packing = try data.packing()
            packing.settings.onBadSample = .skip
            let error = try failure(ShardsError.self) {
                try packing.run(into: folder.appendingPathComponent("out"))
            }
            let first =
                "element 0 at byte 2: image 'gone.jpg' is not in \(data.imageFolder.path)"
            #expect(error == .noSamples(files: [data.json.path], skipped: 1, first: first))
            #expect("\(String(describing: error))".contains("(1 skipped); the first: element 0"))
        }
    }
}
