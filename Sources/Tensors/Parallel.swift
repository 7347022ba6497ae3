import Dispatch

/// Runs `body` over pieces of `0 ..< count` on all processors. The pieces depend on `count` and `grain`
/// alone, so results do not depend on the number of threads.
///
/// - Parameter grain: items a piece holds at least; less work than two pieces runs on the calling thread
public func parallel(_ count: Int, grain: Int, _ body: @Sendable (Range<Int>) -> Void) {
    let pieces = min(16, count / max(1, grain))
    guard pieces > 1 else {
        if count > 0 { body(0..<count) }
        return
    }
    parallelTasks(pieces) { piece in body(count * piece / pieces..<count * (piece + 1) / pieces) }
}

/// Runs every task `0 ..< count` on whichever processor is free. Tasks write to different memory.
public func parallelTasks(_ count: Int, _ body: @Sendable (Int) -> Void) {
    guard count > 1, Machine.processors > 1 else {
        for index in 0..<count { body(index) }
        return
    }
    DispatchQueue.concurrentPerform(iterations: count, execute: body)
}

/// Results of `body` for every index `0 ..< count`, in order.
///
/// - Parameter grain: items a piece holds at least, as `parallel` cuts them; nil: every index on whichever
///   processor is free
/// - Throws: the error of the first index that failed; the others have been run all the same
public func parallelMap<Result, Failure: Error>(
    _ count: Int, grain: Int? = nil, _ body: @Sendable (Int) throws(Failure) -> Result
) throws(Failure) -> [Result] {
    let results = [Swift.Result<Result, Failure>](unsafeUninitializedCapacity: count) { slots, filled in
        // Each index writes its own slot, so the shared pointer races with nothing.
        nonisolated(unsafe) let slots = slots
        @Sendable func fill(_ index: Int) {
            slots.initializeElement(
                at: index,
                to: Swift.Result { () throws(Failure) -> Result in try body(index) })
        }
        if let grain {
            parallel(count, grain: grain) { range in for index in range { fill(index) } }
        } else {
            parallelTasks(count) { fill($0) }
        }
        filled = count
    }
    return try results.map { (result) throws(Failure) -> Result in try result.get() }
}
