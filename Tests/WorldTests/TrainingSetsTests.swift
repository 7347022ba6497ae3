import Foundation
import Testing
import World

@Suite struct TrainingSetsTests {
    let settings: WorldSettings
    let sets: TrainingSets
    let scenes: [String: Scene]

    init() throws {
        var settings = WorldSettings.small()
        (settings.teacherImages, settings.studentImages) = (1000, 600)
        self.settings = settings
        sets = try TrainingSets(settings)
        scenes = Dictionary(uniqueKeysWithValues: sets.images.map { ($0.name, $0.scene) })
    }

    func isCaption(_ sample: Conversation) -> Bool {
        sample.turns.count == 1 && sample.turns[0].prompt == "Describe the image."
    }

    @Test func sizesAreThoseOfTheRecipe() {
        #expect(sets.captions.count == 2000)
        #expect(sets.mixed.count == 2000)
        #expect(sets.student.count == 1800)
        #expect(sets.heldout.count == 20)
        #expect(sets.images.count == 1620)
        let shares = [sets.mixed, sets.student].map { set in
            Double(set.count(where: isCaption)) / Double(set.count)
        }
        for share in shares { #expect(abs(share - 0.97 * 0.3) < 0.04) }
        #expect(sets.mixed.contains { $0.image == nil })
        #expect(sets.captions.allSatisfy(isCaption))
    }

    /// The oracle reads the words of the prompt.
    @Test func everyAnswerOfTheTeacherIsRight() {
        var asked = 0
        for sample in sets.mixed where !isCaption(sample) {
            #expect(sample.turns.count == settings.turns)
            let oracle = Oracle(scene: sample.image.flatMap { scenes[$0] })
            for turn in sample.turns {
                #expect(oracle.answer(turn.prompt) == turn.answer, "\(sample.id): \(turn)")
                asked += 1
            }
        }
        #expect(asked > 5000)
    }

    @Test func wrongAnswersOfTheStudentsAreAsManyAsTheRecipeSays() {
        var (wrong, asked, wrongYesNo, askedYesNo) = (0, 0, 0, 0)
        for sample in sets.student where !isCaption(sample) {
            let oracle = Oracle(scene: sample.image.flatMap { scenes[$0] })
            for turn in sample.turns {
                let truth = oracle.answer(turn.prompt)
                #expect(truth != nil)
                if truth == "yes" || truth == "no" {
                    askedYesNo += 1
                    if truth != turn.answer {
                        wrongYesNo += 1
                        #expect(["yes", "no"].contains(turn.answer))
                    }
                } else {
                    asked += 1
                    if truth != turn.answer { wrong += 1 }
                }
            }
        }
        // About 2,300 questions of each sort: standard deviations .6 % and .5 %.
        #expect(abs(Double(wrong) / Double(asked) - 0.1) < 0.025)
        #expect(abs(Double(wrongYesNo) / Double(askedYesNo) - 0.05) < 0.02)
    }

    @Test func yesAndNoAreEven() {
        let answers = sets.mixed.flatMap { $0.turns.map(\.answer) }
        let (yes, no) = (answers.count { $0 == "yes" }, answers.count { $0 == "no" })
        #expect(abs(Double(yes) / Double(yes + no) - 0.5) < 0.04)
        let letters = ["A", "B", "C", "D"].map { letter in answers.count { $0 == letter } }
        // Questions have two or three options.
        #expect(letters[0] > 150 && abs(letters[0] - letters[1]) < 130 && letters[2] > 50 && letters[3] == 0)
    }

    /// Single-token cells and sentences, see WorldTokenizer: words, numbers, punctuation and one end token
    /// count one.
    @Test func captionsHaveTwentyToSeventyTokens() {
        for sample in sets.captions + sets.heldout {
            let count = sample.turns[0].answer.split(separator: " ").count + 1
            #expect((20...70).contains(count), "\(sample.turns[0].answer)")
        }
        let long = sets.heldout.map { $0.turns[0].answer.split(separator: " ").count }
        #expect(long.min() ?? 0 > 35)
    }

    @Test func jsonIsLLaVAs() throws {
        let object = try JSONSerialization.jsonObject(with: Data(TrainingSets.json(sets.mixed)))
        let samples = try #require(object as? [[String: Any]])
        #expect(samples.count == sets.mixed.count)
        for (sample, made) in zip(samples, sets.mixed) {
            #expect(sample["id"] as? String == made.id)
            #expect(sample["image"] as? String == made.image)
            let said = try #require(sample["conversations"] as? [[String: String]])
            #expect(said.map { $0["from"] } == made.turns.flatMap { _ in ["human", "gpt"] })
            let marks = said.map { ($0["value"] ?? "").ranges(of: "<image>").count }
            #expect(marks == [made.image == nil ? 0 : 1] + [Int](repeating: 0, count: said.count - 1))
            if made.image != nil { #expect(said[0]["value"]?.hasPrefix("<image>\n") == true) }
        }
    }

    @Test func setsDoNotShareImages() {
        func images(_ set: [Conversation]) -> Set<String> { Set(set.compactMap(\.image)) }
        #expect(images(sets.captions).isDisjoint(with: images(sets.student)))
        #expect(images(sets.heldout).isDisjoint(with: images(sets.student).union(images(sets.captions))))
        #expect(images(sets.mixed).isSubset(of: images(sets.captions)))
        #expect(scenes.count == sets.images.count)
    }
}
