/// Questions of ScienceQA: counting and naming with options, and a few that need no image.
enum ScienceQAQuestions {
    static func drawn(about scene: Scene, _ stream: inout RandomStream) -> Question {
        let choices = stream.weighted([50, 50]) + 2
        switch stream.weighted([35, 20, 15, 15, 15]) {
        case 0:
            let hint = scene.sign != nil && stream.chance(0.5) ? "A sign is not an object." : ""
            return count("objects", scene.items.count, choices, hint: hint, &stream)
        case 1:
            let shape = stream.pick(shapes(in: scene))
            return count(shape.plural, scene.count(shape), choices, &stream)
        case 2:
            let color = stream.pick(scene.things.map(\.color))
            return count("\(color.name) objects", scene.count(color), choices, &stream)
        case 3:
            let item = stream.pick(scene.items)
            let wrong = stream.shuffled(item.thing.shape.others).prefix(choices - 1).map(\.name)
            return Question(
                .scienceqa, "shape", "What shape is at \(item.cell.name)?", right: item.thing.shape.name,
                wrong: wrong,
                &stream)
        default:
            let item = stream.pick(scene.items)
            let wrong = stream.shuffled(item.thing.color.others).prefix(choices - 1).map(\.name)
            return Question(
                .scienceqa, "color", "What color is at \(item.cell.name)?", right: item.thing.color.name,
                wrong: wrong,
                &stream)
        }
    }

    /// Shapes to count: those of the scene, and now and then one that is absent (count 0).
    private static func shapes(in scene: Scene) -> [Shape] {
        let absent = Shape.allCases.filter { scene.count($0) == 0 }
        return scene.things.map(\.shape) + absent.prefix(1)
    }

    private static func count(
        _ what: String, _ number: Int, _ choices: Int, hint: String = "", _ stream: inout RandomStream
    ) -> Question {
        let near = (max(0, number - 2)...number + 2).filter { $0 != number }
        let wrong = stream.shuffled(near).prefix(choices - 1).map(String.init)
        return Question(
            .scienceqa, what == "objects" ? "count" : "partial count", "How many \(what) are in the image?",
            right: String(number), wrong: wrong, hint: hint, &stream)
    }

    /// A question that needs no image.
    static func textOnly(_ stream: inout RandomStream) -> Question {
        switch stream.below(4) {
        case 0:
            let shape = stream.pick([Shape.circle, .triangle, .square, .cross])
            let wrong = stream.shuffled([0, 3, 4, 12].filter { $0 != shape.corners }).prefix(2).map(
                String.init)
            return Question(
                .scienceqa, "corners", "How many corners has a \(shape.name)?", right: String(shape.corners),
                wrong: wrong, &stream)
        case 1:
            let wrong = stream.shuffled(Shape.allCases).prefix(2).map(\.name)
            let right = stream.pick(Color.allCases).name
            return Question(.scienceqa, "word", "Which word is a color?", right: right, wrong: wrong, &stream)
        case 2:
            let wrong = stream.shuffled(Color.allCases).prefix(2).map(\.name)
            let right = stream.pick(Shape.allCases).name
            return Question(.scienceqa, "word", "Which word is a shape?", right: right, wrong: wrong, &stream)
        default:
            let cell = stream.pick(Cell.all)
            let row = stream.pick([true, false])
            let wrong = cell.others.filter { row ? $0.row != cell.row : $0.column != cell.column }
            let right = cell.others.filter { row ? $0.row == cell.row : $0.column == cell.column }
            return Question(
                .scienceqa, "cells", "Which cell is in the \(row ? "row" : "column") of \(cell.name)?",
                right: stream.pick(right).name, wrong: stream.shuffled(wrong).prefix(2).map(\.name), &stream)
        }
    }
}
