import Foundation

/// State that one thread at a time may see.
///
/// Behind a lock of the C library's and not Swift's `Mutex`, which the sanitizer of threads does not see: it
/// would report everything that the lock keeps apart.
public final class Guarded<State>: @unchecked Sendable {
    private let lock = NSLock()
    private var state: State

    public init(_ state: State) { self.state = state }

    public func withLock<Result>(_ body: (inout State) throws -> Result) rethrows -> Result {
        try lock.withLock { try body(&state) }
    }
}
