import Foundation
import Ranks

/// Ranks that are threads of one process: what they send each other goes through a mailbox.
public final class ThreadMessenger: Messenger, @unchecked Sendable {
    /// Mail by sender and receiver.
    private final class Post: @unchecked Sendable {
        let condition = NSCondition()
        var letters: [[Int]: [[UInt8]]] = [:]
        var bytes = 0
    }

    public let rank, count: Int
    private let post: Post

    private init(rank: Int, count: Int, post: Post) {
        (self.rank, self.count, self.post) = (rank, count, post)
    }

    /// Runs `body` once for each rank, each in a thread of its own.
    ///
    /// - Returns: the results by rank
    /// - Throws: the error of the first rank that failed
    public static func run<Output>(
        _ count: Int, _ body: @escaping @Sendable (Ranks) throws -> Output
    ) throws -> [Output] { try counting(count, body).outputs }

    /// The same, and how many bytes all ranks have sent each other.
    public static func counting<Output>(
        _ count: Int, _ body: @escaping @Sendable (Ranks) throws -> Output
    ) throws -> (outputs: [Output], bytes: Int) {
        let post = Post()
        nonisolated(unsafe) var results = [Result<Output, any Error>?](repeating: nil, count: count)
        let lock = NSLock()
        let group = DispatchGroup()
        for rank in 0..<count {
            group.enter()
            let thread = Thread {
                nonisolated(unsafe) let result = Result {
                    try body(Ranks(ThreadMessenger(rank: rank, count: count, post: post)))
                }
                lock.withLock { results[rank] = result }
                group.leave()
            }
            thread.stackSize = 1 << 23
            thread.start()
        }
        group.wait()
        return (try results.compactMap { try $0?.get() }, post.condition.withLock { post.bytes })
    }

    private func send(_ bytes: UnsafeRawBufferPointer, to: Int) {
        post.condition.withLock {
            post.letters[[rank, to], default: []].append(Array(bytes))
            post.bytes += bytes.count
            post.condition.broadcast()
        }
    }

    private func receive(_ bytes: UnsafeMutableRawBufferPointer, from: Int) {
        post.condition.lock()
        defer { post.condition.unlock() }
        while post.letters[[from, rank], default: []].isEmpty { post.condition.wait() }
        let letter = post.letters[[from, rank], default: []].removeFirst()
        precondition(letter.count == bytes.count, "rank \(rank) expects another message of rank \(from)")
        bytes.copyBytes(from: letter)
    }

    public func exchange(
        _ out: UnsafeRawBufferPointer, to: Int, _ into: UnsafeMutableRawBufferPointer, from: Int
    ) throws {
        send(out, to: to)
        receive(into, from: from)
    }

    public func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from: Int) throws {
        guard rank == from else { return receive(bytes, from: from) }
        for to in 0..<count where to != rank { send(UnsafeRawBufferPointer(bytes), to: to) }
    }

    public func finish() {}
    public func abandon(status: Int32) {}
}
