/// Questions of POPE, like "Is there a red circle in the image?". The three subsets differ in how they choose
/// the object of a question whose answer is no.
enum POPEQuestions {
    enum Subset: String, CaseIterable {
        case adversarial, popular, random
    }

    static func drawn(about scene: Scene, _ stream: inout RandomStream) -> Question {
        if stream.chance(0.5) { return question(stream.pick(scene.things), isThere: true) }
        switch stream.pick(Subset.allCases) {
        case .adversarial: return question(adversarial(scene, 1, &stream)[0], isThere: false)
        case .popular: return question(popular(scene, &stream), isThere: false)
        case .random: return question(stream.pick(absent(scene)), isThere: false)
        }
    }

    static func question(_ thing: Thing, isThere: Bool) -> Question {
        Question.yesNo(.pope, "existence", "Is there a \(thing.name) in the image?", isThere)
    }

    static func absent(_ scene: Scene) -> [Thing] { Thing.all.filter { !scene.things.contains($0) } }

    /// Absent things in a random order: first those whose shape and color both occur in the scene, then
    /// those of which one occurs.
    static func adversarial(_ scene: Scene, _ count: Int, _ stream: inout RandomStream) -> [Thing] {
        let candidates = stream.shuffled(absent(scene)).map { thing in
            (thing, shared: (scene.count(thing.shape) > 0 ? 1 : 0) + (scene.count(thing.color) > 0 ? 1 : 0))
        }
        let ranked = [2, 1, 0].flatMap { rank in candidates.filter { $0.shared == rank }.map(\.0) }
        return Array(ranked.prefix(count))
    }

    /// An absent thing, drawn with the frequencies that things have in scenes.
    private static func popular(_ scene: Scene, _ stream: inout RandomStream) -> Thing {
        while true {
            let thing = SceneSampler.thing(&stream)
            if !scene.things.contains(thing) { return thing }
        }
    }

    /// All things, the most frequent in `scenes` first; equally frequent ones keep their order.
    static func byFrequency(in scenes: [Scene]) -> [Thing] {
        let counts = Thing.all.map { thing in scenes.count { $0.things.contains(thing) } }
        let order = Thing.all.indices.sorted { counts[$0] != counts[$1] ? counts[$0] > counts[$1] : $0 < $1 }
        return order.map { Thing.all[$0] }
    }
}
