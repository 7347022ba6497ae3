import Benchmarks
import Foundation
import TestSupport
import Testing

@Suite struct TextVQATests {
    @Test func everyNumberEqualsTheReference() throws {
        for golden in try Golden.all("textvqa") {
            let benchmark = try TextVQA(folder: golden.data)
            #expect(golden.cases.count == 4 || !golden.isOwn)
            let truth = golden.expected["normalized_ground_truth"] as? [String: [String]] ?? [:]
            for (name, answers, expected) in golden.cases {
                let score = try benchmark.score(AnswerFile(answers))
                #expect(
                    Golden.differences(
                        expected, try Golden.details(score), ignoring: ["file", "items", "stdout"]) == [],
                    "\(name)")
                #expect(abs((score.headline ?? -1) - (expected[golden.headline] as? Double ?? -2)) < 1e-9)
                let items = expected["items"] as? [[String: Any]] ?? []
                #expect(items.count == score.items.count)
                for (item, wanted) in zip(score.items, items) {
                    #expect(item.id.description == wanted["image_id"] as? String)
                    #expect(item.reference == (wanted["question_id"] as? Int).map { String($0) })
                    #expect(
                        Golden.same(item.extracted, wanted["normalized"] as? String),
                        "\(name) \(item.explanation)")
                    #expect(
                        abs(item.credit - (wanted["score"] as? Double ?? -1)) < 1e-9,
                        "\(name) \(item.explanation)")
                    #expect(
                        Golden.same(item.gold, truth[item.reference]?.joined(separator: " | ")),
                        "\(name) \(item.explanation)")
                }
            }
        }
    }

    @Test func normalizationEqualsTheReference() throws {
        for golden in try Golden.all("textvqa") {
            #expect(golden.vectors.count == 127 || !golden.isOwn)
            for vector in golden.vectors {
                let text = vector["text"] as? String ?? ""
                #expect(
                    Golden.same(VQANormalizer.normalize(text), vector["normalized"] as? String), "\(text)")
            }
            // Every contraction, whatever the fixture's vectors happen to use: a key without capitals and
            // marks maps to its value.
            guard Fixtures.has("constants.json", in: golden.folder) else { continue }
            let constants = try Golden.json(golden.folder.appendingPathComponent("constants.json"))
            let table = constants["contractions"] as? [String: String] ?? [:]
            let reachable = table.filter { $0.key == $0.key.lowercased() }
            #expect(table.count == 120 && reachable.count == VQANormalizer.contractions.count)
            for (key, value) in reachable {
                #expect(
                    VQANormalizer.contractions[Array(key.unicodeScalars)] == Array(value.unicodeScalars),
                    "\(key)")
            }
        }
    }

    @Test func questionsAreWhatTheReferenceAsks() throws {
        for golden in try Golden.all("textvqa")
        where golden.hasPrompts && golden.has("llava_textvqa_val_v051_ocr.jsonl") {
            #expect(golden.promptDifferences(try TextVQA(folder: golden.data)) == [])
        }
    }

    @Test func questionsRebuiltFromTheDatasetsOCRAreThoseOfTheQuestionFile() throws {
        for golden in try Golden.all("textvqa")
        where golden.hasPrompts && golden.has("llava_textvqa_val_v051_ocr.jsonl") {
            let asked = try TextVQA(folder: golden.data)
            try withTemporaryFolder { folder in
                try copy(["TextVQA_0.5.1_val.json"], from: golden.data, to: folder)
                let scoreOnly = try TextVQA(folder: folder)
                #expect(
                    scoreOnly.questions.isEmpty && scoreOnly.notices.contains { $0.contains("OCR hints") })
                // Tokens as the question file shows them, in the dataset's OCR layout.
                var tokens: [String: [String]] = [:]
                for question in asked.questions {
                    let line = question.text.split(separator: "\n", omittingEmptySubsequences: false)[1]
                        .dropFirst("Reference OCR token: ".count)
                    tokens[question.id.description] = line.isEmpty ? [] : line.components(separatedBy: ", ")
                }
                let data = tokens.map { ["image_id": $0.key, "ocr_tokens": $0.value] as [String: Any] }
                try JSONSerialization.data(withJSONObject: ["data": data])
                    .write(to: folder.appendingPathComponent("TextVQA_Rosetta_OCR_v0.2_val.json"))
                #expect(golden.promptDifferences(try TextVQA(folder: folder)) == [])
            }
        }
    }

    @Test func creditIsTheLeaveOneOutMean() {
        for matches in 0...10 {
            // Over the ten sets of nine: those that drop a match see one fewer.
            let mean =
                (Double(matches) * min(1, Double(matches - 1) / 3) + Double(10 - matches)
                    * min(1, Double(matches) / 3)) / 10
            #expect(abs(TextVQA.credit(matches: matches) - mean) < 1e-9)
        }
    }

    @Test func theQuestionIsTakenFromThePrompt() {
        #expect(
            TextVQA.question(
                inPrompt: "OCR tokens: a, b\nQuestion: What IS it? Short answer: no Short answer:")
                == "what is it?")
        #expect(TextVQA.question(inPrompt: "What?\nReference OCR token: x\nAnswer") == "what?")
        #expect(TextVQA.question(inPrompt: "Reference OCR token: x\nWhat?\nAnswer") == "what?")
        #expect(TextVQA.question(inPrompt: "What?\nAnswer") == "what?")
        #expect(TextVQA.question(inPrompt: "What?\n\nAnswer") == nil)
        #expect(TextVQA.question(inPrompt: "What?") == nil)
    }

    @Test func anAnswerToNoQuestionIsNamedWithLineAndField() throws {
        let golden = try #require(try Golden.all("textvqa").first)
        let benchmark = try TextVQA(folder: golden.data)
        let record = AnswerRecord(
            questionID: .string("a1f0000000000001"), prompt: "Which?\nAnswer", text: "x", line: 7)
        let error = thrownText { _ = try benchmark.score(AnswerFile(name: "a.jsonl", records: [record])) }
        #expect(
            error == "a.jsonl:7: 'prompt' is the question \"which?\", expected a question about image "
                + "a1f0000000000001 in TextVQA_0.5.1_val.json")
    }

    @Test(.enabled(if: Fixtures.real("benchmarks/prompts") != nil))
    func theFirstThousandOfficialPromptsAreRebuilt() throws {
        let url = try #require(Fixtures.real("benchmarks/prompts/textvqa_val_ocr_first1000.jsonl"))
        let folder = URL(fileURLWithPath: "/")
        var count = 0
        for line in try String(contentsOf: url, encoding: .utf8).split(separator: "\n") {
            let entry = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
            let text = entry["text"] as? String ?? ""
            let lines = text.components(separatedBy: "\n")
            let question = try #require(TextVQA.question(inPrompt: text))
            let hints = lines[1].dropFirst("Reference OCR token: ".count)
            let made = TextVQA.question(
                image: "x", question: question, tokens: [String(hints)], folder: folder)
            // The question's own capitals are lost in the lower-cased key; only the layout is shown here.
            #expect(made.text.lowercased() == text.lowercased())
            count += 1
        }
        #expect(count == 1_000)
    }
}
