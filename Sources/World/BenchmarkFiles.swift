import Files

/// The files of one benchmark folder, in memory: names relative to the folder, in a fixed order.
public struct BenchmarkFiles: Sendable {
    public private(set) var files: [(name: String, bytes: [UInt8])] = []
    /// Number of questions that the benchmark asks.
    public internal(set) var questions = 0

    mutating func add(_ name: String, _ bytes: [UInt8]) { files.append((name, bytes)) }
    mutating func add(_ name: String, _ json: JSONValue) { files.append((name, json.lines)) }

    /// Adds a file of JSON Lines: one value a line.
    mutating func add(_ name: String, lines: [JSONValue]) {
        files.append((name, lines.flatMap { $0.bytes(.line) + [0x0a] }))
    }
}

/// Source of the scenes, pictures and random numbers of one split's benchmarks.
struct BenchmarkContext: Sendable {
    let settings: WorldSettings
    let sizes: BenchmarkSizes
    let split: Split  // test or validation

    func scene(_ purpose: String, _ index: Int, signNeeded: Bool = false, leastItems: Int = 0) throws -> Scene
    {
        try SceneSampler(settings).scene(
            split, purpose, index, signNeeded: signNeeded, leastItems: leastItems)
    }

    func stream(_ purpose: String, _ index: Int = 0) -> RandomStream {
        RandomStream(seed: settings.seed, purpose: "benchmark/\(split.rawValue)/\(purpose)", index: index)
    }

    /// Side of an image in pixels; it varies from image to image.
    func side(_ index: Int) -> Int { [64, 96, 64, 80, 128][index % 5] }

    func image(_ scene: Scene, _ purpose: String, _ index: Int, isPNG: Bool = false) throws -> [UInt8] {
        try ImageEncoding(
            side: side(index), isPNG: isPNG, noise: settings.noise, jpegQuality: settings.jpegQuality,
            seed: settings.seed, purpose: "draw/\(split.rawValue)/\(purpose)", index: index
        ).bytes(of: scene)
    }

    /// One line of LLaVA's question files.
    func line(_ id: JSONValue, _ image: String, _ prompt: String, _ category: String) -> JSONValue {
        ["question_id": id, "image": .string(image), "text": .string(prompt), "category": .string(category)]
    }
}

/// A number with leading zeros.
func padded(_ number: Int, _ width: Int, radix: Int = 10) -> String {
    let digits = String(number, radix: radix)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

/// The six benchmarks of one split in their official layouts.
public struct BenchmarkSuite: Sendable {
    public let folders: [(family: Family, files: BenchmarkFiles)]

    /// - Parameter split: `.test` or `.validation`
    public init(_ settings: WorldSettings, split: Split) throws {
        let sizes = split == .test ? settings.test : settings.validation
        let context = BenchmarkContext(settings: settings, sizes: sizes, split: split)
        folders = try Family.allCases.map { family in
            switch family {
            case .gqa: (family, try context.gqa())
            case .scienceqa: (family, try context.scienceqa())
            case .textvqa: (family, try context.textvqa())
            case .pope: (family, try context.pope())
            case .mme: (family, try context.mme())
            case .mmbench: (family, try context.mmbench())
            }
        }
    }
}
