/// Side of one object on which another one is.
public enum Side: String, CaseIterable, Sendable {
    case left = "left of"
    case right = "right of"
    case above, below

    var opposite: Side {
        switch self {
        case .left: .right
        case .right: .left
        case .above: .below
        case .below: .above
        }
    }

    /// The one-word answer: `left`, `right`, `above`, `below`.
    var word: String { self == .left ? "left" : self == .right ? "right" : rawValue }
}

/// A true statement: `subject` is on `side` of `object`.
struct Relation: Sendable {
    let subject: Item
    let side: Side
    let object: Item

    /// A relation between two items of the scene, along an axis on which they differ.
    ///
    /// - Precondition: the scene has at least two items.
    static func drawn(from scene: Scene, _ stream: inout RandomStream) -> Relation {
        let pair = stream.shuffled(scene.items)
        let (subject, object) = (pair[0], pair[1])
        var sides: [Side] = []
        if subject.cell.column != object.cell.column {
            sides.append(subject.cell.column < object.cell.column ? .left : .right)
        }
        if subject.cell.row != object.cell.row {
            sides.append(subject.cell.row < object.cell.row ? .above : .below)
        }
        return Relation(subject: subject, side: stream.pick(sides), object: object)
    }
}
