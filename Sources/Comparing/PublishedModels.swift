import Benchmarks
import Settings

/// Published systems by their scores on the paper's six benchmarks: the paper's Table 1.
public struct PublishedModels: Recipe, Equatable {
    @Setting("What the table shows.") public var title = ""
    @Setting("Where the numbers were published.") public var source = ""
    @Setting("The systems, in the order of the table.") public var models: [PublishedModel] = []

    public init() {}
}

/// A published system.
public struct PublishedModel: Recipe, Equatable {
    @Setting("Name of the method or of the release.") public var method = ""
    @Setting("Its language model.") public var llm = ""
    @Setting("Size class of the table: 7B.") public var parameters = ""
    @Setting("Whether it is distilled from a larger model.") public var distilled = false
    @Setting("GQA, SQA, TextVQA, POPE, MME, MMB and their average; null where none was published.")
    public var published: [Double?] = []

    public init() {}

    public func validate() throws {
        let expected = BenchmarkList.paper.count + 1
        guard published.count == expected else {
            throw SettingProblem("published", "has \(published.count) values, expected \(expected)")
        }
        guard Self.billions(parameters) != nil else {
            throw SettingProblem("parameters", "is '\(parameters)', expected a size such as 7B")
        }
    }

    /// `LLaVA-KD Qwen1.5-0.5B`.
    public var name: String { "\(method) \(llm)" }

    /// The system as a row of a score table; benchmarks without a published number are left out.
    public var row: ScoreTable.Row {
        let scores = BenchmarkList.paper.compactMap { benchmark in
            score(benchmark.name).map { (benchmark.name, Optional($0)) }
        }
        return ScoreTable.Row(
            model: name, scores: Dictionary(uniqueKeysWithValues: scores),
            published: .some(score("average")))
    }

    /// Score on a benchmark by its name, or the `average`.
    public func score(_ column: String) -> Double? {
        let columns = BenchmarkList.paper.map { $0.name } + ["average"]
        return columns.firstIndex(of: column).flatMap { published[$0] }
    }

    /// Parameters of the size class, in billions.
    public var billions: Double { Self.billions(parameters) ?? 0 }

    private static func billions(_ text: String) -> Double? {
        text.hasSuffix("B") ? Double(text.dropLast()) : nil
    }
}
