/// A sum over some neighbouring lanes: `index` counts those of the same level, the lanes are level 0.
package struct LaneNode: Hashable, Comparable, Sendable {
    package let level, index: Int
    package static func < (a: LaneNode, b: LaneNode) -> Bool { a.index << a.level < b.index << b.level }
}

/// Sums over the lanes of a step along one fixed binary tree: 0 + 1, 2 + 3, then their sums, and so on. Which
/// process or thread adds, and when, changes no bit, because what is added to what does not depend on it.
package struct LaneTree<Sum> {
    private let lanes: Int
    private let add: (_ left: Sum, _ right: Sum) -> Sum
    /// Sums that wait for their neighbours'.
    private var waiting: [LaneNode: Sum] = [:]

    /// - Parameters:
    ///   - lanes: of the step
    ///   - add: may write into the left one
    package init(lanes: Int, add: @escaping (_ left: Sum, _ right: Sum) -> Sum) {
        (self.lanes, self.add) = (lanes, add)
    }

    /// Takes the sum of a lane.
    package mutating func insert(_ sum: Sum, lane: Int) { insert(sum, at: LaneNode(level: 0, index: lane)) }

    /// Takes the sum of a node that was computed elsewhere.
    package mutating func insert(_ sum: Sum, at node: LaneNode) {
        var (sum, node) = (sum, node)
        while 1 << node.level < lanes {
            let other = LaneNode(level: node.level, index: node.index ^ 1)
            // At the right edge a node without a neighbour is the sum of the level above.
            if other.index << other.level < lanes {
                guard let found = waiting.removeValue(forKey: other) else {
                    waiting[node] = sum
                    return
                }
                sum = other < node ? add(found, sum) : add(sum, found)
            }
            node = LaneNode(level: node.level + 1, index: node.index / 2)
        }
        waiting[node] = sum
    }

    /// The sums that wait for others, by their lanes; one, of everything, once all lanes are there.
    package var sums: [(node: LaneNode, sum: Sum)] {
        waiting.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// The nodes that are left where some lanes are summed.
    package static func nodes(of range: Range<Int>, lanes: Int) -> [LaneNode] where Sum == Void {
        var tree = LaneTree<Void>(lanes: lanes) { _, _ in }
        for lane in range { tree.insert((), lane: lane) }
        return tree.sums.map(\.node)
    }
}
