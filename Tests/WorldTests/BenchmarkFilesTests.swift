import Foundation
import Images
import Testing
import World

/// The files are read back as text and JSON; gold answers come from the oracle, not from the writer.
@Suite struct BenchmarkFilesTests {
    let settings = WorldSettings.small()
    let sampler = SceneSampler(.small())
    let folders: [Family: [String: [UInt8]]]

    init() throws {
        var folders: [Family: [String: [UInt8]]] = [:]
        for (family, content) in try BenchmarkSuite(.small(), split: .test).folders {
            folders[family] = Dictionary(uniqueKeysWithValues: content.files.map { ($0.name, $0.bytes) })
        }
        self.folders = folders
    }

    func bytes(_ family: Family, _ name: String) throws -> [UInt8] {
        try #require(folders[family]?[name], "\(name)")
    }

    func lines(_ family: Family, _ name: String) throws -> [[String: Any]] {
        try bytes(family, name).split(separator: 0x0a).map {
            try #require(try JSONSerialization.jsonObject(with: Data($0)) as? [String: Any])
        }
    }

    func object(_ family: Family, _ name: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(try bytes(family, name))) as? [String: Any])
    }

    /// Rebuilds the scene of a benchmark's image from its number.
    func scene(_ purpose: String, _ index: Int, sign: Bool = false, least: Int = 0) throws -> Scene {
        try sampler.scene(.test, purpose, index, signNeeded: sign, leastItems: least)
    }

    static let short = "\nAnswer the question using a single word or phrase."
    static let choice = "\nAnswer with the option's letter from the given choices directly."

    @Test func gqaAnnotationsAgreeWithTheScenes() throws {
        let annotations = try object(.gqa, "testdev_balanced_questions.json")
        let questions = try lines(.gqa, "llava_gqa_testdev_balanced.jsonl")
        #expect(annotations.count == 40 && questions.count == 40)
        var kinds = Set<String>()
        for line in questions {
            let id = try #require(line["question_id"] as? String)
            let entry = try #require(annotations[id] as? [String: Any])
            let index = try #require(Int(id)) - 200_000_000
            let text = try #require(entry["question"] as? String)
            #expect(line["text"] as? String == text + Self.short)
            let answer = entry["answer"] as? String
            #expect(Oracle(scene: try scene("gqa", index)).answer(text + Self.short) == answer)
            #expect(entry["isBalanced"] as? Bool == true)
            let image = try #require(entry["imageId"] as? String)
            #expect(line["image"] as? String == image + ".jpg")
            _ = try decodeImage(try bytes(.gqa, "images/\(image).jpg"), name: image)
            let types = try #require(entry["types"] as? [String: String])
            kinds.insert(types["structural"] ?? "")
            #expect(["attr", "obj", "rel", "cat", "global"].contains(types["semantic"]))
            let groups = try #require(entry["groups"] as? [String: Any])
            #expect((groups["global"] is NSNull) == (types["structural"] != "query"))
            let steps = try #require(entry["semantic"] as? [[String: Any]])
            #expect(steps.count == 2 && steps[0]["operation"] as? String == "select")
        }
        #expect(kinds == ["verify", "choose", "query"])
    }

    @Test func scienceQAProblemsAgreeWithTheScenes() throws {
        let problems = try object(.scienceqa, "problems.json")
        let splits = try object(.scienceqa, "pid_splits.json")
        let pids = try #require(splits["test"] as? [String])
        let entries = try #require(
            try JSONSerialization.jsonObject(with: Data(try bytes(.scienceqa, "llava_test_CQM-A.json")))
                as? [[String: Any]])
        #expect(entries.map { $0["id"] as? String } == pids)
        #expect(pids.count == 56)
        var withImage = 0
        for (index, entry) in entries.enumerated() {
            let problem = try #require(problems[pids[index]] as? [String: Any])
            let said = try #require(entry["conversations"] as? [[String: String]])
            let hasImage = problem["image"] as? String == "image.png"
            let value = try #require(said[0]["value"])
            #expect(value.hasPrefix("<image>\n") == hasImage)
            let body = hasImage ? String(value.dropFirst(8)) : value
            let letter = try #require(said[1]["value"])
            let scene = hasImage ? try scene("scienceqa", index) : nil
            #expect(Oracle(scene: scene).answer(body + Self.choice) == letter, "\(value)")
            #expect(["A", "B", "C", "D"].firstIndex(of: letter) == problem["answer"] as? Int)
            let choices = try #require(problem["choices"] as? [String])
            #expect(Set(choices).count == choices.count)
            var rebuilt = (problem["hint"] as? String).flatMap { $0.isEmpty ? nil : "Context: \($0)\n" } ?? ""
            rebuilt += problem["question"] as? String ?? ""
            for (letter, choice) in zip(["A", "B", "C", "D", "E"], choices) {
                rebuilt += "\n\(letter). \(choice)"
            }
            #expect(rebuilt == body)
            guard hasImage else { continue }
            withImage += 1
            #expect(entry["image"] as? String == "\(pids[index])/image.png")
            _ = try decodeImage(
                try bytes(.scienceqa, "images/test/\(pids[index])/image.png"), name: "image.png")
        }
        #expect(withImage == 40)
    }

    @Test func textVQAAnswersAreMostlyTheDigit() throws {
        let data = try #require(try object(.textvqa, "TextVQA_0.5.1_val.json")["data"] as? [[String: Any]])
        let questions = try lines(.textvqa, "llava_textvqa_val_v051_ocr.jsonl")
        #expect(data.count == 30 && questions.count == 30)
        var (right, wrong, empty) = (0, 0, 0)
        for (index, (entry, line)) in zip(data, questions).enumerated() {
            let digit = String(try #require(try scene("textvqa", index, sign: true).sign).digit)
            let answers = try #require(entry["answers"] as? [String])
            #expect(answers.count == 10)
            #expect(answers.count { $0 == digit } >= 5)
            let prompt = try #require(line["text"] as? String).split(separator: "\n").map(String.init)
            #expect(prompt.count == 3)
            #expect(prompt[0].lowercased() == entry["question"] as? String)
            #expect(prompt[0].first?.isUppercase == true)
            #expect(prompt[1].hasPrefix("Reference OCR token: "))
            let hint = prompt[1].dropFirst(21)
            if hint.isEmpty { empty += 1 } else if hint.hasPrefix(digit) { right += 1 } else { wrong += 1 }
            #expect(line["question_id"] as? String == entry["image_id"] as? String)
            _ = try decodeImage(try bytes(.textvqa, "train_images/\(line["image"] ?? "")"), name: "t")
        }
        #expect(right > 8 && wrong > 2 && empty > 2)
    }

    @Test func popeNegativesAreThoseOfTheirSubset() throws {
        let scenes = try (0..<6).map { try scene("pope", $0, least: 3) }
        let questions = try lines(.pope, "llava_pope_test.jsonl")
        #expect(questions.count == 108)
        #expect(
            questions.map { $0["category"] as? String ?? "" }
                == ["adversarial", "random", "popular"].flatMap { Array(repeating: $0, count: 36) })
        var frequency: [String: Int] = [:]
        for name in scenes.flatMap({ $0.things.map(\.name) }) { frequency[name, default: 0] += 1 }
        var popularity: [String: Int] = [:]
        for (subset, offset) in [("adversarial", 0), ("random", 10_000_000), ("popular", 20_000_000)] {
            let labels = try lines(.pope, "coco/coco_pope_\(subset).json")
            let asked = questions.filter { $0["category"] as? String == subset }
            #expect(labels.count == 36)
            for (index, (label, line)) in zip(labels, asked).enumerated() {
                let text = try #require(label["text"] as? String)
                let scene = scenes[index / 6]
                #expect(label["question_id"] as? Int == index + 1)
                #expect(line["question_id"] as? Int == offset + index + 1)
                #expect(line["text"] as? String == text + Self.short)
                #expect(Oracle(scene: scene).answer(text + Self.short) == label["label"] as? String)
                #expect((label["label"] as? String == "yes") == (index % 2 == 0))
                guard index % 2 == 1 else { continue }
                let words = text.split(separator: " ").map(String.init)
                if subset == "adversarial" {
                    #expect(
                        scene.items.contains {
                            $0.thing.color.name == words[3] || $0.thing.shape.name == words[4]
                        })
                }
                popularity[subset, default: 0] += frequency["\(words[3]) \(words[4])"] ?? 0
            }
        }
        #expect(popularity["popular"]! > 2 * popularity["random"]!)
        for image in Set(questions.compactMap { $0["image"] as? String }) {
            _ = try decodeImage(try bytes(.pope, "val2014/\(image)"), name: image)
        }
    }

    @Test func mmeAsksAYesAndANoOfEveryImage() throws {
        let questions = try lines(.mme, "llava_mme.jsonl")
        #expect(questions.count == 14 * 3 * 2)
        var subtasks: [String: Int] = [:]
        for index in stride(from: 0, to: questions.count, by: 2) {
            let id = try #require(questions[index]["question_id"] as? String)
            #expect(questions[index + 1]["question_id"] as? String == id)
            let subtask = try #require(questions[index]["category"] as? String)
            let scene = try scene(
                "mme/\(subtask)", subtasks[subtask, default: 0],
                sign: ["OCR", "text_translation"].contains(subtask))
            subtasks[subtask, default: 0] += 1
            let oracle = Oracle(scene: scene)
            let prompts = [index, index + 1].map { questions[$0]["text"] as? String ?? "" }
            #expect(oracle.answer(prompts[0]) == "yes", "\(subtask): \(prompts[0])")
            #expect(oracle.answer(prompts[1]) == "no", "\(subtask): \(prompts[1])")
            let root = "MME_Benchmark_release_version/"
            _ = try decodeImage(try bytes(.mme, root + id), name: id)
            let textFile = id.replacing("/images/", with: "/questions_answers_YN/").replacing(
                ".jpg", with: ".txt")
            let official = String(decoding: try bytes(.mme, root + textFile), as: UTF8.self)
            let expected = zip(prompts, ["Yes", "No"]).map { prompt, answer in
                prompt.replacing(Self.short, with: "") + " Please answer yes or no.\t\(answer)\n"
            }
            #expect(official == expected.joined())
        }
        #expect(subtasks.count == 14 && subtasks.values.allSatisfy { $0 == 3 })
        #expect(folders[.mme]?["MME_Benchmark_release_version/posters/images/050000.jpg"] != nil)
        #expect(folders[.mme]?["MME_Benchmark_release_version/OCR/100000.jpg"] != nil)
    }

    @Test func mmbenchRowsAreRotations() throws {
        let text = String(decoding: try bytes(.mmbench, "mmbench_dev_20230712.tsv"), as: UTF8.self)
        let table = text.split(separator: "\n").map {
            $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        }
        #expect(table.allSatisfy { $0.count == 14 })
        var rows: [Int: [String]] = [:]
        for row in table.dropFirst() { rows[try #require(Int(row[0]))] = row }
        #expect(rows.count == table.count - 1)
        var optionCounts = Set<Int>()
        for base in 1...40 {
            let first = try #require(rows[base])
            let options = first[3..<7].filter { !$0.isEmpty }
            optionCounts.insert(options.count)
            let oracle = Oracle(scene: try scene("mmbench", base - 1))
            for rotation in 0..<4 {
                guard rotation < options.count else {
                    #expect(rows[base + rotation * 1_000_000] == nil)
                    continue
                }
                let row = try #require(rows[base + rotation * 1_000_000])
                // Rotated right: the last option of the row before is the first of this one.
                let expected = Array(options.suffix(rotation) + options.dropLast(rotation))
                let shown = Array(row[3..<7].filter { !$0.isEmpty })
                #expect(shown == expected)
                let body = row[1] + zip(["A", "B", "C", "D"], shown).map { "\n\($0). \($1)" }.joined()
                #expect(oracle.answer(body + Self.choice) == row[7])
                #expect(row[9] == first[9] && row[13] == "dev")
            }
            let image = try #require(Data(base64Encoded: first[9]))
            _ = try decodeImage(Array(image), name: "row \(base)")
        }
        #expect(optionCounts == [2, 3])
    }

    @Test func validationAsksOtherQuestions() throws {
        let validation = try BenchmarkSuite(settings, split: .validation)
        #expect(validation.folders.map(\.files.questions).reduce(0, +) < 100)
        let test = try BenchmarkSuite(settings, split: .test)
        let images = Set(
            test.folders.flatMap { $0.files.files.filter { $0.name.hasSuffix("g") }.map(\.bytes) })
        let others = Set(
            validation.folders.flatMap { $0.files.files.filter { $0.name.hasSuffix("g") }.map(\.bytes) })
        #expect(others.count > 20 && images.isDisjoint(with: others))
    }
}
