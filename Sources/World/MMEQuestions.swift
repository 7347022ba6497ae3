/// The fourteen official subtasks, each a pair of questions about one image: the answer to the first is yes,
/// to the second no. Subtasks that mean nothing in this world (celebrities, posters) ask about shapes, sizes
/// and the like.
enum MMEQuestions {
    enum Subtask: String, CaseIterable {
        case existence, count, position, color, posters, celebrity, scene, landmark, artwork
        case ocr = "OCR"
        case commonsense = "commonsense_reasoning"
        case calculation = "numerical_calculation"
        case translation = "text_translation"
        case code = "code_reasoning"

        var needsSign: Bool { self == .ocr || self == .translation }
        /// Whether the subtask keeps images and questions in two folders of their own, as in the release.
        var hasFolders: Bool { [.posters, .celebrity, .scene, .landmark, .artwork].contains(self) }
    }

    static func drawn(about scene: Scene, _ stream: inout RandomStream) -> Question {
        let subtasks = Subtask.allCases.filter { scene.sign != nil || !$0.needsSign }
        let pair = pair(stream.pick(subtasks), scene, &stream)
        return stream.chance(0.5) ? pair.yes : pair.no
    }

    /// - Precondition: the scene has a sign where the subtask needs one (`needsSign`).
    static func pair(_ subtask: Subtask, _ scene: Scene, _ stream: inout RandomStream) -> (
        yes: Question, no: Question
    ) {
        let item = stream.pick(scene.items)
        let (name, place, count) = (item.thing.name, item.cell.name, scene.items.count)
        let otherCount = near(count, in: 1...6, &stream)
        let digit = scene.sign?.digit ?? 0
        let otherDigit = stream.pick((0..<10).filter { $0 != digit })
        func texts(_ yes: String, _ no: String) -> (yes: Question, no: Question) {
            (
                Question.yesNo(.mme, subtask.rawValue, yes, true),
                Question.yesNo(.mme, subtask.rawValue, no, false)
            )
        }
        func texts<Value>(_ yes: Value, _ no: Value, _ text: (Value) -> String) -> (
            yes: Question, no: Question
        ) {
            texts(text(yes), text(no))
        }
        switch subtask {
        case .existence:
            return texts(item.thing, stream.pick(POPEQuestions.absent(scene))) {
                "Is there a \($0.name) in the image?"
            }
        case .count: return texts(count, otherCount) { "Are there \($0) objects in the image?" }
        case .position:
            let fact = Relation.drawn(from: scene, &stream)
            let (subject, object) = (fact.subject.thing.name, fact.object.thing.name)
            return texts(fact.side, fact.side.opposite) { "Is the \(subject) \($0.rawValue) the \(object)?" }
        case .color:
            return texts(item.thing.color, stream.pick(item.thing.color.others)) {
                "Is the object at \(place) \($0.name)?"
            }
        case .posters:
            return texts(item.size, item.size == .small ? .big : .small) { "Is the \(name) \($0.name)?" }
        case .celebrity:
            return texts(item.thing.shape, stream.pick(item.thing.shape.others)) {
                "Is the object at \(place) a \($0.name)?"
            }
        case .scene:
            return texts(scene.background, stream.pick(scene.background.others)) {
                "Is the image \($0.name)?"
            }
        case .landmark:
            return texts(item.cell, stream.pick(item.cell.others)) { "Is the \(name) at \($0.name)?" }
        case .artwork:
            let shape = item.thing.shape
            let number = scene.count(shape)
            return texts(number, near(number, in: 0...4, &stream)) {
                "Are there \($0) \(shape.plural) in the image?"
            }
        case .ocr: return texts(digit, otherDigit) { "Does the sign say \($0)?" }
        case .commonsense:
            let corners = item.thing.shape.corners
            let other = stream.pick([0, 3, 4, 12].filter { $0 != corners })
            return texts(corners, other) { "Has the object at \(place) \($0) corners?" }
        case .calculation: return texts(count, otherCount) { "Are there \($0 + 1) objects if one is added?" }
        case .translation:
            return texts(digit, otherDigit) { "Does the sign say \(TextVQAQuestions.words[$0])?" }
        case .code: return texts(count, otherCount) { "Does print(objects) show \($0)?" }
        }
    }

    private static func near(_ number: Int, in range: ClosedRange<Int>, _ stream: inout RandomStream) -> Int {
        stream.pick(range.filter { $0 != number && abs($0 - number) <= 2 })
    }
}
