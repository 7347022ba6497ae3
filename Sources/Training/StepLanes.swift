import Distillation

/// How the samples of an optimizer step are cut into lanes and the lanes divided over ranks: a function of
/// the samples' lengths and the recipe alone, so that a lane is computed in the same way wherever it runs.
package struct StepLanes: Sendable {
    /// Positions of the samples of each lane's units in the step; lanes have nearly equal numbers of rows.
    private let units: [[[Int]]]
    private let rows: [Int]

    /// - Parameters:
    ///   - rows: of the step's samples
    ///   - units: samples that stay together; nil: each by itself
    ///   - lanes: of the recipe; fewer where there are fewer units
    package init(rows: [Int], units: [[Int]]? = nil, lanes: Int) {
        let units = units ?? rows.indices.map { [$0] }
        self.rows = rows
        self.units = balancedParts(
            Self.lengths(units, rows), limit: max(1, rows.reduce(0, +)), multipleOf: lanes
        ).map { lane in lane.map { units[$0] } }
    }

    private static func lengths(_ units: [[Int]], _ rows: [Int]) -> [Int] {
        units.map { unit in unit.reduce(0) { $0 + rows[$1] } }
    }

    /// Number of lanes.
    package var count: Int { units.count }

    /// Lanes of every rank, neighbours together.
    package func divided(over ranks: Int) -> [Range<Int>] {
        (0..<ranks).map { count * $0 / ranks..<count * ($0 + 1) / ranks }
    }

    /// Positions, in the step, of the samples of each pass of a lane.
    ///
    /// - Parameter limit: rows of a pass at most
    package func passes(ofLane lane: Int, limit: Int) -> [[Int]] {
        balancedParts(Self.lengths(units[lane], rows), limit: limit, multipleOf: 1).map { pass in
            pass.flatMap { units[lane][$0] }
        }
    }
}
