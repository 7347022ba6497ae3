/// The five shapes. Weights are skewed so that some objects are popular (POPE's "popular" negatives).
public enum Shape: Int, CaseIterable, Sendable {
    case circle, square, triangle, cross, ring

    public var name: String { ["circle", "square", "triangle", "cross", "ring"][rawValue] }
    public var plural: String { ["circles", "squares", "triangles", "crosses", "rings"][rawValue] }
    public var corners: Int { [0, 4, 3, 12, 0][rawValue] }
    static let weights = [32, 24, 18, 14, 12]
}

public enum Color: Int, CaseIterable, Sendable {
    case red, blue, green, yellow, pink, white

    public var name: String { ["red", "blue", "green", "yellow", "pink", "white"][rawValue] }
    static let weights = [30, 22, 16, 13, 11, 8]
}

public enum Size: Int, CaseIterable, Sendable {
    case small, big

    public var name: String { self == .small ? "small" : "big" }
}

public enum Background: Int, CaseIterable, Sendable {
    case dark, grey, light

    public var name: String { ["dark", "grey", "light"][rawValue] }
}

/// One of the 4 x 4 cells of a scene. A patch of the vision tower is one cell. Rows are letters and columns
/// digits: `a1` is at the top left.
public struct Cell: Hashable, Sendable {
    public static let perSide = 4
    public let index: Int  // row * 4 + column

    init(index: Int) { self.index = index }

    public static let all = (0..<perSide * perSide).map(Cell.init(index:))
    public var row: Int { index / Cell.perSide }
    public var column: Int { index % Cell.perSide }
    public var name: String { ["a", "b", "c", "d"][row] + String(column + 1) }
}

/// Shape and color of an object. No two objects of a scene share both.
public struct Thing: Hashable, Sendable {
    public let shape: Shape
    public let color: Color

    public static let all = Shape.allCases.flatMap { shape in
        Color.allCases.map { Thing(shape: shape, color: $0) }
    }
    public var name: String { "\(color.name) \(shape.name)" }
}

public struct Item: Hashable, Sendable {
    public let thing: Thing
    public let size: Size
    public let cell: Cell
}

public struct Sign: Hashable, Sendable {
    public let digit: Int
    public let cell: Cell
}

/// Content of an image: what is where. Jitter, brightness, noise and the size of the file may differ between
/// two drawings of one scene.
public struct Scene: Hashable, Sendable {
    public let background: Background
    public let items: [Item]  // by cell
    public let sign: Sign?

    public var things: [Thing] { items.map(\.thing) }

    public func count(_ shape: Shape) -> Int { items.count { $0.thing.shape == shape } }
    public func count(_ color: Color) -> Int { items.count { $0.thing.color == color } }

    /// Digest of the layout alone, the same in every world. It decides which split a scene belongs to.
    public var layoutDigest: UInt64 {
        var digest = RandomStream.mixed(UInt64(background.rawValue) &+ 0x51)
        func absorb(_ value: Int) {
            digest = RandomStream.mixed(digest ^ (UInt64(value) &+ 0x9e37_79b9_7f4a_7c15))
        }
        absorb(sign.map { $0.digit * Cell.all.count + $0.cell.index } ?? 999)
        for item in items {
            absorb(item.cell.index)
            absorb(item.thing.shape.rawValue * Color.allCases.count + item.thing.color.rawValue)
            absorb(item.size.rawValue)
        }
        return digest
    }
}

extension Shape {
    var others: [Shape] { Shape.allCases.filter { $0 != self } }
}

extension Color {
    var others: [Color] { Color.allCases.filter { $0 != self } }
}

extension Background {
    var others: [Background] { Background.allCases.filter { $0 != self } }
}

extension Cell {
    var others: [Cell] { Cell.all.filter { $0 != self } }
}
