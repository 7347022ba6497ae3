import Benchmarks
import Foundation
import TestSupport
import Testing

@Suite struct GQATests {
    @Test func everyNumberEqualsTheReference() throws {
        for golden in try Golden.all("gqa") {
            let benchmark = try GQA(folder: golden.data)
            for (name, answers, expected) in golden.cases {
                let score = try benchmark.score(AnswerFile(answers))
                let official = expected["official_eval"] as? [String: Any] ?? [:]
                var wanted = expected
                if official["raises"] != nil { wanted["official_eval"] = NSNull() }
                #expect(
                    Golden.differences(wanted, try Golden.details(score), ignoring: ["file", "items"]) == [],
                    "\(name)")
                #expect(abs((score.headline ?? -1) - (expected[golden.headline] as? Double ?? -2)) < 1e-9)
                let items = expected["items"] as? [String: [String: Any]] ?? [:]
                let answered = score.items.filter { $0.text != nil }
                #expect(answered.count == items.count)
                for item in answered {
                    #expect(
                        Golden.same(item.extracted, items[item.id.description]?["prediction"] as? String),
                        "\(name) \(item.explanation)")
                    #expect(
                        (item.credit == 1) == (items[item.id.description]?["correct"] as? Bool),
                        "\(name) \(item.explanation)")
                }
            }
            for vector in golden.vectors {
                #expect(
                    Golden.same(
                        GQA.normalize(vector["text"] as? String ?? ""), vector["normalized"] as? String))
            }
            #expect(golden.cases.count == 5 && golden.vectors.count == 32 || !golden.isOwn)
        }
    }

    @Test func questionsAreWhatTheReferenceAsks() throws {
        for golden in try Golden.all("gqa") where golden.hasPrompts {
            #expect(golden.promptDifferences(try GQA(folder: golden.data)) == [])
        }
    }

    @Test func questionsRebuiltFromTheReleaseAreThoseOfTheQuestionFile() throws {
        for golden in try Golden.all("gqa") where golden.has("llava_gqa_testdev_balanced.jsonl") {
            let asked = try GQA(folder: golden.data)
            #expect(asked.notices == [])
            try withTemporaryFolder { folder in
                try copy(["testdev_balanced_questions.json"], from: golden.data, to: folder)
                let rebuilt = try GQA(folder: folder)
                #expect(
                    Set(rebuilt.questions.map { "\($0.id) \($0.text)" })
                        == Set(asked.questions.map { "\($0.id) \($0.text)" }))
                #expect(rebuilt.questions.count == asked.questions.count)
            }
        }
    }

    @Test func missingUnknownRepeatedAndUnbalancedAnswersAreCounted() throws {
        let golden = try #require(try Golden.all("gqa").first)
        let benchmark = try GQA(folder: golden.data)
        func counts(_ name: String) throws -> AnswerCounts {
            try benchmark.score(AnswerFile(golden.folder.appendingPathComponent("predictions/\(name).jsonl")))
                .counts
        }
        #expect(try counts("missing").missing == 4)
        #expect(try counts("duplicate").duplicate == 4)
        #expect(try counts("nonbalanced").unscored == 2)
        let stray = AnswerRecord(questionID: .string("1"), prompt: nil, text: "x")
        let score = try benchmark.score(AnswerFile(name: "a", records: [stray]))
        #expect(score.counts.unknown == 1 && score.counts.missing == 24 && score.headline == nil)
        #expect(score.notices.contains { $0.contains("no answer") })
    }
}

/// Copies files and folders by their paths below `source`.
func copy(_ paths: [String], from source: URL, to folder: URL) throws {
    for path in paths {
        let target = folder.appendingPathComponent(path)
        try FileManager.default.createDirectory(
            at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: source.appendingPathComponent(path), to: target)
        // Fixtures may be read-only; tests change their copies.
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: target.path)
    }
}
