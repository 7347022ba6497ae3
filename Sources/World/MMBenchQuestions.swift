/// Questions of MMBench: attributes, places and presence, with options.
enum MMBenchQuestions {
    /// Kind of question, and MMBench's category and l2-category for it.
    static let categories = [
        "color": ("attribute_recognition", "finegrained_perception (instance-level)"),
        "shape": ("attribute_comparison", "finegrained_perception (cross-instance)"),
        "presence": ("object_localization", "finegrained_perception (instance-level)"),
        "place": ("spatial_relationship", "finegrained_perception (cross-instance)"),
        "size": ("physical_property_reasoning", "attribute_reasoning"),
        "background": ("image_style", "coarse_perception"),
    ]

    static func drawn(about scene: Scene, _ stream: inout RandomStream) -> Question {
        let item = stream.pick(scene.items)
        let wrongCount = stream.weighted([40, 60]) + 1
        func ask(_ kind: String, _ text: String, _ right: String, _ wrong: [String]) -> Question {
            let kept = Array(stream.shuffled(wrong).prefix(wrongCount))
            return Question(.mmbench, kind, text, right: right, wrong: kept, &stream)
        }
        switch stream.weighted([25, 20, 20, 20, 8, 7]) {
        case 0:
            return ask(
                "color", "What color is at \(item.cell.name)?", item.thing.color.name,
                item.thing.color.others.map(\.name))
        case 1:
            return ask(
                "shape", "What shape is at \(item.cell.name)?", item.thing.shape.name,
                item.thing.shape.others.map(\.name))
        case 2:
            return ask(
                "presence", "Which object is in the image?", item.thing.name,
                POPEQuestions.absent(scene).map(\.name))
        case 3:
            return ask(
                "place", "Where is the \(item.thing.name)?", item.cell.name, item.cell.others.map(\.name))
        case 4:
            let sizes = [Size.small, .big].filter { $0 != item.size }
            return ask("size", "What size is the \(item.thing.name)?", item.size.name, sizes.map(\.name))
        default:
            return ask(
                "background", "How is the image?", scene.background.name, scene.background.others.map(\.name))
        }
    }
}
