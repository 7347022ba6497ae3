import Foundation
import Tensors

/// Sums of the gradients of this rank's lanes, parameter by parameter: a parameter's is ready when the last
/// of the lanes has left its gradient, and may be taken while those of other parameters are still computed.
package final class LaneSums: @unchecked Sendable {
    /// Guards everything below; signalled where a parameter is ready.
    private let condition = NSCondition()
    private var trees: [LaneTree<Tensor>]
    /// Lanes of which a parameter's gradient has not come.
    private var missing: [Int]
    private var isCancelled = false

    /// - Parameters:
    ///   - lanes: of the step
    ///   - own: number of those that this rank computes
    package init(parameters: Int, lanes: Int, own: Int) {
        trees = Array(repeating: LaneTree(lanes: lanes, add: Self.add), count: parameters)
        missing = Array(repeating: own, count: parameters)
    }

    static func add(_ left: Tensor, _ right: Tensor) -> Tensor {
        left.add(right)
        return left
    }

    /// Takes a lane's gradient of a parameter.
    package func insert(_ gradient: Tensor, of parameter: Int, lane: Int) {
        condition.withLock {
            trees[parameter].insert(gradient, lane: lane)
            missing[parameter] -= 1
            if missing[parameter] == 0 { condition.broadcast() }
        }
    }

    /// Nothing more will come: whoever waits gets nothing.
    package func cancel() {
        condition.withLock {
            isCancelled = true
            condition.broadcast()
        }
    }

    /// Gives up the sums of some parameters, once all of them are ready.
    ///
    /// - Returns: of each the sums that wait for other ranks', by their lanes; nil where the lanes were
    ///   cancelled
    package func take(_ parameters: Range<Int>) -> [[Tensor]]? {
        condition.withLock {
            while !isCancelled, missing[parameters].contains(where: { $0 > 0 }) { condition.wait() }
            guard !isCancelled else { return nil }
            return parameters.map { parameter in
                defer { trees[parameter] = LaneTree(lanes: 0, add: Self.add) }
                return trees[parameter].sums.map(\.sum)
            }
        }
    }
}
