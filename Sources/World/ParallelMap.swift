import Foundation

/// Runs `body` for every index on `threads` threads and gives the results in order, so that their number
/// changes nothing.
func parallelMap<Result: Sendable>(
    _ range: Range<Int>, threads: Int, _ body: @Sendable (Int) throws -> Result
) throws -> [Result] {
    let results = ParallelResults<Result>(count: range.count)
    DispatchQueue.concurrentPerform(iterations: max(1, threads)) { lane in
        for offset in stride(from: lane, to: range.count, by: max(1, threads)) {
            do {
                results.set(offset, .success(try body(range.lowerBound + offset)))
            } catch {
                results.set(offset, .failure(error))
            }
        }
    }
    return try results.all()
}

/// Slots that each are filled once.
private final class ParallelResults<Value: Sendable>: @unchecked Sendable {
    private var slots: [Result<Value, any Error>?]  // guarded by `lock`
    private let lock = NSLock()

    init(count: Int) { slots = Array(repeating: nil, count: count) }

    func set(_ index: Int, _ value: Result<Value, any Error>) { lock.withLock { slots[index] = value } }

    func all() throws -> [Value] {
        try lock.withLock {
            try slots.map { slot in
                guard let slot else { preconditionFailure("parallelMap: an index was not run") }
                return try slot.get()
            }
        }
    }
}
