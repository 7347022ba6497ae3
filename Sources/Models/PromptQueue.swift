import Autograd
import Foundation

/// Hands prompts to the workers of a generation and their answers back; the caller's closures are never
/// called by two at once.
final class PromptQueue: @unchecked Sendable {
    let count: Int
    private let lock = NSLock()
    private let stream: (Int) -> UInt64
    private let step: () throws -> Void
    private let prompt: (Int) throws -> Prompt
    private let grow: (Int, Generated) throws -> Void
    private let finish: (Int, Generated) throws -> Void
    private var taken = 0
    private var failure: (any Error)?

    init(
        _ count: Int, _ stream: @escaping (Int) -> UInt64, _ step: @escaping () throws -> Void,
        _ prompt: @escaping (Int) throws -> Prompt, _ grow: @escaping (Int, Generated) throws -> Void,
        _ finish: @escaping (Int, Generated) throws -> Void
    ) {
        (self.count, self.stream, self.step, self.prompt) = (count, stream, step, prompt)
        (self.grow, self.finish) = (grow, finish)
    }

    /// The next prompt; nil when there is none, or when a worker has failed.
    func next() throws -> (number: Int, stream: UInt64, prompt: Prompt)? {
        try lock.withLock {
            guard taken < count, failure == nil else { return nil }
            taken += 1
            return (taken - 1, stream(taken - 1), try prompt(taken - 1))
        }
    }

    func beforeStep() throws { try lock.withLock { try step() } }

    func grown(_ number: Int, _ answer: Generated) throws {
        try lock.withLock { try grow(number, answer) }
    }

    func finished(_ number: Int, _ answer: Generated) throws {
        try lock.withLock { try finish(number, answer) }
    }

    /// Runs a worker; the first failure of any is kept for `rethrow`.
    func guarding(_ body: () throws -> Void) {
        do { try body() } catch { lock.withLock { failure = failure ?? error } }
    }

    func rethrow() throws { if let failure { throw failure } }
}
