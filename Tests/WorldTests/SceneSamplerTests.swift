import Settings
import Testing
import World

@Suite struct SceneSamplerTests {
    let sampler = SceneSampler(.small())

    @Test func scenesFollowTheirRules() throws {
        var counts = Set<Int>()
        for index in 0..<500 {
            let scene = try sampler.scene(.teacher, "train", index)
            counts.insert(scene.items.count)
            #expect(Set(scene.things).count == scene.items.count)
            let cells = scene.items.map(\.cell) + (scene.sign.map { [$0.cell] } ?? [])
            #expect(Set(cells).count == cells.count)
        }
        #expect(counts == [2, 3, 4, 5])
    }

    @Test func aSceneBelongsToTheSplitItWasDrawnFor() throws {
        for split in Split.allCases {
            for index in 0..<50 { #expect(Split.of(try sampler.scene(split, "any", index)) == split) }
        }
    }

    /// The digest decides, so even worlds of other seeds cannot leak.
    @Test func noTestSceneOccursInTraining() throws {
        let trained = Set(try TrainingSets(.small()).images.map(\.scene))
        #expect(trained.count > 450)
        for seed in UInt64(1)...3 {
            let other = SceneSampler(.small(seed: seed))
            for purpose in ["gqa", "scienceqa", "pope", "mmbench"] {
                for index in 0..<50 { #expect(!trained.contains(try other.scene(.test, purpose, index))) }
            }
        }
    }

    @Test func signsAndItemsCanBeAskedFor() throws {
        for index in 0..<50 {
            let scene = try sampler.scene(.test, "asked", index, signNeeded: true, leastItems: 4)
            #expect(scene.sign != nil)
            #expect(scene.items.count >= 4)
        }
    }

    @Test func theDigestSeesEveryPartOfALayout() throws {
        let scenes = try (0..<300).map { try sampler.scene(.test, "digest", $0) }
        #expect(Set(scenes.map(\.layoutDigest)).count == Set(scenes).count)
    }

    /// Red circles are drawn with probability .32 x .30, white rings with .12 x .08.
    @Test func someThingsAreFrequent() throws {
        let scenes = try (0..<2000).map { try sampler.scene(.teacher, "skew", $0) }
        func share(_ shape: Shape, _ color: Color) -> Double {
            Double(
                scenes.count {
                    $0.things.contains(Thing.all.first { $0.shape == shape && $0.color == color }!)
                }) / 2000
        }
        #expect(share(.circle, .red) > 0.2)
        #expect(share(.ring, .white) < 0.08)
    }

    @Test func smallWorldsWithoutLayoutsAreRefused() {
        var settings = WorldSettings.small()
        settings.maximumItems = 2
        #expect(throws: SettingProblem("maximum_items", "is 2, expected 3 to 8")) { try settings.check() }
        settings = .small()
        settings.wrongAnswers = .nan
        #expect(throws: SettingProblem("wrong_answers", "is nan, expected 0 to 1")) { try settings.check() }
        settings = .small()
        settings.test.popeImages = 0
        #expect(throws: SettingProblem("test.pope_images", "is 0, expected 1 to 100000")) {
            try settings.check()
        }
    }
}
