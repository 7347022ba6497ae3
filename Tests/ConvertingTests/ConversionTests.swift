import Converting
import Files
import Foundation
import Settings
import TestSupport
import Testing

@Suite struct ConversionTests {
    private let line = """
        {"image": "1.jpg", "image_link": "http://x/train2017/1.jpg", "caption": "A cat is here.", "label": 1}
        """

    @Test func theFileIsOneArrayWithARecordALine() throws {
        try withTemporaryFolder { folder in
            let other = line.replacing("1.jpg", with: "2.jpg").replacing("1}", with: "0}")
            let sets = try SmallSets(folder, ["vsr/random/train.jsonl": "\(line)\n\(other)\n"])
            _ = try sets.convert(.vsr) { ($0.statement, $0.shortAnswer) = ("{statement} True?", nil) }
            let bytes = try InputBytes.read(folder.appendingPathComponent("out/vsr.json"))
            #expect(
                String(decoding: bytes, as: UTF8.self) == #"""
                    [
                    {"id": "vsr-train-1", "image": "train2017/1.jpg", "conversations": [{"from": "human", \#
                    "value": "<image>\nA cat is here. True?"}, {"from": "gpt", "value": "Yes"}]},
                    {"id": "vsr-train-2", "image": "train2017/2.jpg", "conversations": [{"from": "human", \#
                    "value": "<image>\nA cat is here. True?"}, {"from": "gpt", "value": "No"}]}
                    ]

                    """#)
        }
    }

    @Test func aFailureLeavesNothingBehind() throws {
        try withTemporaryFolder { folder in
            let sets = try SmallSets(folder, ["vsr/random/train.jsonl": line])
            _ = try sets.convert(.vsr)
            try AtomicOutput.writeAtomically(
                line + "\n{}\n", to: folder.appendingPathComponent("vsr/random/train.jsonl"))
            #expect(throws: ConvertingError.self) { try sets.convert(.vsr) }
            let out = folder.appendingPathComponent("out").path
            #expect(try FileManager.default.contentsOfDirectory(atPath: out).isEmpty)
        }
    }

    /// What an earlier conversion of another set left would be taken for a part of the result.
    @Test func theResultOfAnEarlierConversionIsRemoved() throws {
        try withTemporaryFolder { folder in
            let sets = try SmallSets(
                folder,
                [
                    "vsr/random/train.jsonl": line + "\n{}",
                    "sbu/sbu-captions-all.json": #"{"image_urls": ["http://x/1/2.jpg"], "captions": ["a"]}"#,
                ])
            _ = try sets.convert(.vsr) { $0.onBadSample = .skip }
            let out = folder.appendingPathComponent("out").path
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: out).sorted()
                    == ["skipped.jsonl", "vsr.json"])
            _ = try sets.convert(.sbu)
            #expect(try FileManager.default.contentsOfDirectory(atPath: out) == ["sbu.json"])
        }
    }

    @Test func aSetWithoutASampleIsAnError() throws {
        #expect(
            try failure(.vsr, ["vsr/random/train.jsonl": "{}"]) { $0.onBadSample = .skip }
                == "…/vsr/random/train.jsonl: no sample comes of 1 rows (1 skipped, 0 of other splits or "
                + "kinds)"
        )
    }

    @Test func settingsThatCannotBeAreRefused() {
        let changes: [(key: String, change: (inout ConvertingSettings) -> Void)] = [
            ("splits", { $0.splits = [] }),
            ("splits", { $0.splits = [.train, .train] }),
            ("image_folder", { $0.imageFolder = "../x" }),
            ("statement", { $0.statement = "Is this true?" }),
            ("short_answer", { $0.shortAnswer = " " }),
            ("multiple_choice", { $0.multipleChoice = "<image> A?" }),
            ("caption", { $0.caption = [] }),
            ("caption", { $0.caption = [""] }),
            ("sbu_image", { $0.sbuImage = "SBU/images" }),
            ("sbu_image", { $0.sbuImage = "../{name}" }),
            ("limit", { $0.limit = 0 }),
        ]
        for (key, change) in changes {
            var settings = ConvertingSettings()
            change(&settings)
            do {
                try settings.check()
                Issue.record("\(key) is taken")
            } catch let problem as SettingProblem {
                #expect(problem.key == key)
            } catch { Issue.record("\(error)") }
        }
    }

    @Test func everyManifestOfConversationsIsASet() throws {
        for set in DataSet.allCases {
            let manifest = Fixtures.repository.appendingPathComponent("data-manifests/\(set.rawValue).json")
            #expect(FileManager.default.fileExists(atPath: manifest.path), "\(set)")
        }
    }
}
