/// Part of the data that a scene belongs to. The digest of its layout decides, so splits cannot overlap,
/// whatever the seeds and counts.
public enum Split: String, CaseIterable, Sendable {
    case teacher, student, heldout, test, validation

    static let buckets: UInt64 = 16

    /// The split that owns a scene.
    public static func of(_ scene: Scene) -> Split {
        switch scene.layoutDigest % buckets {
        case 0: .test
        case 1: .validation
        case 2: .heldout
        case 3...9: .teacher
        default: .student
        }
    }
}

/// Sampler of the scenes of one world.
public struct SceneSampler: Sendable {
    public let settings: WorldSettings

    public init(_ settings: WorldSettings) { self.settings = settings }

    /// A scene of `split`: a pure function of (seed, split, purpose, index) and the settings of scenes.
    ///
    /// - Parameters:
    ///   - signNeeded: draw a sign whatever `signShare` says
    ///   - leastItems: raise the least number of items (never above `maximumItems`)
    /// - Throws: `WorldError.noScene` when 100,000 draws give no scene of the split (layouts are too few)
    public func scene(
        _ split: Split, _ purpose: String, _ index: Int, signNeeded: Bool = false, leastItems: Int = 0
    ) throws -> Scene {
        var stream = RandomStream(
            seed: settings.seed, purpose: "scene/\(split.rawValue)/\(purpose)", index: index)
        for _ in 0..<100_000 {
            let scene = draw(&stream, signNeeded: signNeeded, leastItems: leastItems)
            if Split.of(scene) == split { return scene }
        }
        throw WorldError.noScene(split: split.rawValue, purpose: purpose, index: index)
    }

    func draw(_ stream: inout RandomStream, signNeeded: Bool, leastItems: Int) -> Scene {
        let least = min(max(settings.minimumItems, leastItems), settings.maximumItems)
        let count = stream.within(least...settings.maximumItems)
        let cells = stream.shuffled(Cell.all)
        var items: [Item] = []
        while items.count < count {
            let thing = Self.thing(&stream)
            if items.contains(where: { $0.thing == thing }) { continue }
            items.append(Item(thing: thing, size: stream.pick(Size.allCases), cell: cells[items.count]))
        }
        let hasSign = stream.chance(settings.signShare) || signNeeded
        let sign = Sign(digit: stream.below(10), cell: cells[count])
        return Scene(
            background: stream.pick(Background.allCases),
            items: items.sorted { $0.cell.index < $1.cell.index },
            sign: hasSign ? sign : nil)
    }

    static func thing(_ stream: inout RandomStream) -> Thing {
        let shape = Shape.allCases[stream.weighted(Shape.weights)]
        return Thing(shape: shape, color: Color.allCases[stream.weighted(Color.weights)])
    }
}
