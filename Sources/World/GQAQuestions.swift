/// The annotation fields of GQA that say how a question is built.
struct GQAProgram: Sendable {
    let structural, semantic, detailed: String
    let group: String?  // groups.global
    let steps: [(operation: String, argument: String, dependencies: [Int])]
}

/// Questions of GQA: relations to verify or to choose, places and names.
enum GQAQuestions {
    static func drawn(about scene: Scene, _ stream: inout RandomStream) -> Question {
        switch stream.weighted([25, 10, 35, 30]) {
        case 0: verify(Relation.drawn(from: scene, &stream), isTrue: stream.chance(0.5))
        case 1: choose(Relation.drawn(from: scene, &stream), &stream)
        case 2: place(of: stream.pick(scene.items))
        default: name(of: stream.pick(scene.items))
        }
    }

    /// Question like "Is the red circle left of the blue square?".
    static func verify(_ fact: Relation, isTrue: Bool) -> Question {
        let side = isTrue ? fact.side : fact.side.opposite
        let (subject, object) = (fact.subject.thing.name, fact.object.thing.name)
        let program = GQAProgram(
            structural: "verify", semantic: "rel", detailed: "verifyRel", group: nil,
            steps: [
                ("select", object, []), ("verify rel", "\(subject),\(side.rawValue),s", [0]),
            ])
        return Question.yesNo(
            .gqa, "relation", "Is the \(subject) \(side.rawValue) the \(object)?", isTrue, program: program)
    }

    static func choose(_ fact: Relation, _ stream: inout RandomStream) -> Question {
        let sides = stream.shuffled([fact.side, fact.side.opposite])
        let (subject, object) = (fact.subject.thing.name, fact.object.thing.name)
        let program = GQAProgram(
            structural: "choose", semantic: "rel", detailed: "chooseRel", group: nil,
            steps: [
                ("select", object, []),
                ("choose rel", "\(subject),\(sides[0].rawValue)|\(sides[1].rawValue),s", [0]),
            ])
        return Question(
            .gqa, "choose relation",
            "Is the \(subject) \(sides[0].word) or \(sides[1].rawValue) the \(object)?",
            answer: fact.side.word, wrong: [fact.side.opposite.word], program: program)
    }

    static func place(of item: Item) -> Question {
        let program = GQAProgram(
            structural: "query", semantic: "attr", detailed: "place", group: "place",
            steps: [("select", item.thing.name, []), ("query", "place", [0])])
        return Question(
            .gqa, "place", "Where is the \(item.thing.name)?", answer: item.cell.name,
            wrong: item.cell.others.map(\.name), program: program)
    }

    static func name(of item: Item) -> Question {
        let program = GQAProgram(
            structural: "query", semantic: "obj", detailed: "categoryThat", group: "object",
            steps: [("select", "cell \(item.cell.name)", []), ("query", "name", [0])])
        return Question(
            .gqa, "name", "What is at \(item.cell.name)?", answer: item.thing.name,
            wrong: Thing.all.filter { $0 != item.thing }.map(\.name), program: program)
    }
}
