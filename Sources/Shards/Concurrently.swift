import Dispatch
import Synchronization

/// `items.map(body)` on up to `threads` threads; the results are in the order of the items.
func mapConcurrently<Item: Sendable, Result: Sendable>(
    _ items: [Item], threads: Int, _ body: @Sendable (Item) -> Result
) -> [Result] {
    guard threads > 1, items.count > 1 else { return items.map(body) }
    var results = [Result?](repeating: nil, count: items.count)
    let next = Atomic<Int>(0)
    results.withUnsafeMutableBufferPointer { results in
        // Each thread writes other elements, so the shared pointer races with nothing.
        nonisolated(unsafe) let results = results
        DispatchQueue.concurrentPerform(iterations: min(threads, items.count)) { _ in
            while case let i = next.add(1, ordering: .relaxed).oldValue, i < items.count {
                results[i] = body(items[i])
            }
        }
    }
    return results.compactMap { $0 }
}
