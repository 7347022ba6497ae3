import Dispatch
import Synchronization

/// Results of `body` for every item on up to `threads` threads, in the order of the items: the number of
/// threads changes nothing. (`Tensors` has a map of its own, which splits work as its kernels do.)
///
/// - Throws: the error of the first item that failed
public func parallelMap<Item: Sendable, Result, Failure: Error>(
    _ items: [Item], threads: Int, _ body: @Sendable (Item) throws(Failure) -> Result
) throws(Failure) -> [Result] {
    let results = [Swift.Result<Result, Failure>](unsafeUninitializedCapacity: items.count) { slots, filled in
        // Each index is one thread's, so the shared pointer races with nothing.
        nonisolated(unsafe) let slots = slots
        let next = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: max(1, min(threads, items.count))) { _ in
            while case let index = next.add(1, ordering: .relaxed).oldValue, index < items.count {
                slots.initializeElement(
                    at: index,
                    to: Swift.Result { () throws(Failure) -> Result in try body(items[index]) })
            }
        }
        filled = items.count
    }
    return try results.map { (result) throws(Failure) -> Result in try result.get() }
}
