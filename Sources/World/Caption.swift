/// Dense captions whose order and wording vary. The attribute stands directly before or after the position,
/// and counts and relations are said too, so that every skill the questions need is learnt smoothly from the
/// captions.
///
/// `objects 3 . b3 red circle small , small square blue a1 , d2 7 sign , … . circles 1 , squares 2 . red
/// circle above blue square . dark image .`
public enum Caption {
    /// - Parameter long: every kind of closing sentence instead of a choice of them
    public static func text(of scene: Scene, long: Bool, _ stream: inout RandomStream) -> String {
        var facts = scene.items.map { fact($0, &stream) }
        if let sign = scene.sign { facts.append(fact(sign, &stream)) }
        let list = stream.shuffled(facts).joined(separator: " , ")

        var closing = [counts(in: scene, long: long, &stream)]
        for _ in 0..<(long ? 2 : stream.within(1...2)) { closing.append(relation(in: scene, &stream)) }
        if long || stream.chance(0.5) { closing.append("\(scene.background.name) image") }
        closing = stream.shuffled(closing)

        let total = "objects \(scene.items.count)"
        let sentences = stream.chance(0.5) ? [total, list] + closing : [list] + closing + [total]
        return sentences.joined(separator: " . ") + " ."
    }

    static func fact(_ item: Item, _ stream: inout RandomStream) -> String {
        let (cell, color) = (item.cell.name, item.thing.color.name)
        let (shape, size) = (item.thing.shape.name, item.size.name)
        return stream.chance(0.4) ? "\(cell) \(color) \(shape) \(size)" : "\(size) \(shape) \(color) \(cell)"
    }

    static func fact(_ sign: Sign, _ stream: inout RandomStream) -> String {
        stream.chance(0.4) ? "\(sign.cell.name) \(sign.digit) sign" : "sign \(sign.digit) \(sign.cell.name)"
    }

    /// Counts of the shapes, or of the colors, that occur, and sometimes of one that does not.
    static func counts(in scene: Scene, long: Bool, _ stream: inout RandomStream) -> String {
        let counts =
            stream.chance(0.5)
            ? Shape.allCases.map { ($0.plural, scene.count($0)) }
            : Color.allCases.map { ($0.name, scene.count($0)) }
        var said = counts.filter { $0.1 > 0 }
        if long || stream.chance(0.5), let absent = stream.shuffled(counts.filter { $0.1 == 0 }).first {
            said.append(absent)
        }
        return stream.shuffled(said).map { "\($0.0) \($0.1)" }.joined(separator: " , ")
    }

    static func relation(in scene: Scene, _ stream: inout RandomStream) -> String {
        let fact = Relation.drawn(from: scene, &stream)
        return "\(fact.subject.thing.name) \(fact.side.rawValue) \(fact.object.thing.name)"
    }
}
