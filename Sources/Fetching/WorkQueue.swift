import Files
import Foundation

/// Items that threads take one after the other, and what they make of them.
///
/// Threads of its own, however few processors there are: they wait for servers most of the time. (`Files` has
/// a map for work that computes.)
final class WorkQueue<Item: Sendable, Result: Sendable>: Sendable {
    private struct State {
        var next = 0
        var results: [Result?]
    }

    private let items: [Item]
    private let body: @Sendable (Item) -> Result
    private let state: Guarded<State>
    private let finished = DispatchSemaphore(value: 0)

    init(_ items: [Item], _ body: @escaping @Sendable (Item) -> Result) {
        (self.items, self.body) = (items, body)
        state = Guarded(State(results: Array(repeating: nil, count: items.count)))
    }

    /// Results in the order of the items. Call it once.
    func run(threads: Int) -> [Result] {
        let count = max(1, min(threads, items.count))
        for _ in 0..<count {
            let thread = Thread {
                while let index = self.take() {
                    let result = self.body(self.items[index])
                    self.state.withLock { $0.results[index] = result }
                }
                self.finished.signal()
            }
            thread.start()
        }
        for _ in 0..<count { finished.wait() }
        return state.withLock { $0.results.compactMap(\.self) }
    }

    private func take() -> Int? {
        state.withLock { state in
            guard state.next < items.count else { return nil }
            defer { state.next += 1 }
            return state.next
        }
    }
}
