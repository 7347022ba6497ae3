import Benchmarks
import Settings

/// What a report shows and how much of it.
public struct ReportSettings: Recipe {
    @Setting("Title of the page.", null: "the name of the run's folder") public var title: String?
    @Setting("Titles of benchmarks by their names, where the data is one's own: {groceries-yesno: Our shop}.")
    public var titles: [String: String] = [:]
    @Setting("Points of a loss curve at most; each is a mean over neighbouring steps.", in: 2...10_000)
    public var points = 160
    @Setting("Sample answers of each benchmark.", in: 0...1000) public var answersPerBenchmark = 4
    @Setting(
        "Whether heat maps of attention are drawn; that loads the models and runs them on a few questions.")
    public var attention = true
    @Setting("Images of the heat maps.", in: 1...100) public var images = 2
    @Setting("Questions asked about each of these images.", in: 1...20) public var questionsPerImage = 4
    @Setting("Questions that are followed through the layers.", in: 0...20) public var questionsByLayer = 2
    @Setting("Layers of a model shown at most.", in: 2...1000) public var layers = 6
    @Setting("Models with heat maps at most.", in: 2...100) public var models = 5
    @Setting(
        "Rows of the comparisons whose heat maps are shown beside the scored models', where they are in the "
            + "run, of their first seed: without IVA and with it, all else equal.")
    public var attentionRows = ["kd-tpa", "align-ti"]

    public init() {}

    public func validate() throws {
        for name in titles.keys.sorted() where !BenchmarkList.isKnown(name) {
            throw SettingProblem(
                "titles", "names '\(name)', expected benchmarks: \(BenchmarkList.help)")
        }
    }

    /// Longer side of a heat map, in pixels.
    static let pictureSide = 224
}

extension [String: String] {
    /// The title that was set for a benchmark, or its own.
    func title(of benchmark: String) -> String { self[benchmark] ?? BenchmarkList.title(of: benchmark) }
}
