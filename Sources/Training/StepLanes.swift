import Distillation

/// How the samples of an optimizer step are cut into lanes and the lanes divided over ranks: a function of
/// the samples' lengths and the recipe alone, so that a lane is computed in the same way wherever it runs.
struct StepLanes: Sendable {
    /// Positions of each lane's samples in the step, of nearly equal numbers of rows.
    let samples: [[Int]]

    /// - Parameters:
    ///   - rows: of the step's samples
    ///   - lanes: of the recipe; fewer where there are fewer samples
    init(rows: [Int], lanes: Int) {
        samples = balancedParts(rows, limit: max(1, rows.reduce(0, +)), multipleOf: lanes)
    }

    /// Lanes of every rank, neighbours together.
    func divided(over ranks: Int) -> [Range<Int>] {
        (0..<ranks).map { samples.count * $0 / ranks..<samples.count * ($0 + 1) / ranks }
    }

    /// The samples of a lane that run in one pass.
    static func passes(rows: [Int], limit: Int) -> [[Int]] {
        balancedParts(rows, limit: limit, multipleOf: 1)
    }
}
