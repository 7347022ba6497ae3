import Files
import Foundation

/// The processes of one run and what they tell each other. In a process that runs alone every operation does
/// nothing, so whoever uses them has no branches.
///
/// No operation adds numbers: sums are made by whoever needs them, in an order that does not depend on the
/// number of processes.
public struct Ranks: Sendable {
    private let messenger: (any Messenger)?

    /// One process by itself.
    public static let alone = Ranks(nil)

    /// - Parameter messenger: nil: one process by itself
    public init(_ messenger: (any Messenger)?) { self.messenger = messenger }

    /// MPI is joined once in the life of a process, and left at its end.
    private static let joined = Guarded<MPIMessenger?>(nil)

    /// The run that this process was started for.
    ///
    /// - Parameter launch: nil for a process by itself
    /// - Throws: `RanksError`
    public static func join(_ launch: Launch?) throws -> Ranks {
        guard let launch else { return alone }
        return try joined.withLock { messenger in
            let found = try messenger ?? MPIMessenger(launch)
            messenger = found
            return Ranks(found)
        }
    }

    /// Leaves a run that was joined, or ends all of its processes where this one fails.
    ///
    /// - Parameter status: what this process is about to end with
    public static func end(status: Int32) {
        guard let messenger = joined.withLock({ $0 }) else { return }
        if status == 0 { messenger.finish() } else { messenger.abandon(status: status) }
    }

    /// Number of this process, from 0.
    public var rank: Int { messenger?.rank ?? 0 }
    /// Processes of the run.
    public var count: Int { messenger?.count ?? 1 }
    /// Whether this is the process that prints and writes.
    public var isFirst: Bool { rank == 0 }

    /// Calls `body` for every other process: the one to send to, and the one to receive from meanwhile.
    public func withPeers(_ body: (_ to: Int, _ from: Int) throws -> Void) rethrows {
        for shift in 1..<max(1, count) { try body((rank + shift) % count, (rank + count - shift) % count) }
    }

    /// Sends to one process while it receives from another, whose number of bytes is known.
    public func exchange(
        _ out: UnsafeRawBufferPointer, to: Int, _ into: UnsafeMutableRawBufferPointer, from: Int
    ) throws { try messenger?.exchange(out, to: to, into, from: from) }

    /// Moves bytes of one process to the first one, into the same place.
    public func collect(_ bytes: UnsafeMutableRawBufferPointer, from other: Int) throws {
        let nothing = UnsafeMutableRawBufferPointer(start: nil, count: 0)
        guard other != 0 else { return }
        if rank == other { try exchange(UnsafeRawBufferPointer(bytes), to: 0, nothing, from: 0) }
        if isFirst { try exchange(UnsafeRawBufferPointer(nothing), to: other, bytes, from: other) }
    }

    /// Gives all processes the bytes of the first one.
    public func broadcast(_ bytes: UnsafeMutableRawBufferPointer) throws {
        try messenger?.broadcast(bytes, from: 0)
    }

    /// What the first process has, in all of them.
    public func ofFirst<Value: Codable>(_ value: @autoclosure () throws -> Value) throws -> Value {
        guard let messenger else { return try value() }
        var bytes: [UInt8] = try isFirst ? Self.encoded(value()) : []
        var size = UInt64(bytes.count)
        try withUnsafeMutableBytes(of: &size) { try messenger.broadcast($0, from: 0) }
        if !isFirst { bytes = [UInt8](repeating: 0, count: Int(size)) }
        try bytes.withUnsafeMutableBytes { try messenger.broadcast($0, from: 0) }
        return try Self.decoded(bytes)
    }

    /// What every process has, in all of them, by rank.
    public func gather<Value: Codable>(_ value: Value) throws -> [Value] {
        guard messenger != nil else { return [value] }
        let own = try Self.encoded(value)
        var all = [Value?](repeating: nil, count: count)
        all[rank] = value
        try withPeers { to, from in
            var (size, found) = (UInt64(own.count), UInt64(0))
            try withUnsafeBytes(of: &size) { out in
                try withUnsafeMutableBytes(of: &found) { try exchange(out, to: to, $0, from: from) }
            }
            var bytes = [UInt8](repeating: 0, count: Int(found))
            try own.withUnsafeBytes { out in
                try bytes.withUnsafeMutableBytes { try exchange(out, to: to, $0, from: from) }
            }
            all[from] = try Self.decoded(bytes)
        }
        return all.compactMap { $0 }
    }

    /// What every process has, in the first one, by rank; nothing in the others.
    public func collect<Value: Codable>(_ value: Value) throws -> [Value] {
        guard messenger != nil else { return [value] }
        var bytes = isFirst ? [] : try Self.encoded(value)
        var all = isFirst ? [value] : []
        for other in 1..<count where isFirst || other == rank {
            var size = UInt64(bytes.count)
            try withUnsafeMutableBytes(of: &size) { try collect($0, from: other) }
            if isFirst { bytes = [UInt8](repeating: 0, count: Int(size)) }
            try bytes.withUnsafeMutableBytes { try collect($0, from: other) }
            if isFirst { all.append(try Self.decoded(bytes)) }
        }
        return all
    }

    /// The part of some items that is this process's: neighbours, in the order of the ranks.
    public func part(of count: Int) -> Range<Int> {
        count * rank / self.count..<count * (rank + 1) / self.count
    }

    /// Whether it is so in any process.
    public func any(_ condition: Bool) throws -> Bool { try gather(condition).contains(true) }

    /// Refuses a run whose processes do not have the same.
    ///
    /// - Parameter facts: name and text, such as a digest
    /// - Throws: `RanksError.different`, in all processes
    public func agree(_ facts: [(name: String, value: String)], host: String) throws {
        let all = try gather([host] + facts.map(\.value))
        for (rank, values) in all.enumerated() {
            for (index, fact) in facts.enumerated() where values[index + 1] != all[0][index + 1] {
                throw RanksError.different(rank: rank, host: values[0], what: fact.name)
            }
        }
    }

    /// A property list keeps every bit of a floating-point number, those that are not finite included.
    private static func encoded<Value: Encodable>(_ value: Value) throws -> [UInt8] {
        let encoder = PropertyListEncoder()
        encoder.outputFormat = .binary
        return [UInt8](try encoder.encode([value]))
    }

    private static func decoded<Value: Decodable>(_ bytes: [UInt8]) throws -> Value {
        let values = try PropertyListDecoder().decode([Value].self, from: Data(bytes))
        guard let value = values.first else {
            throw RanksError.lost(operation: "decode", problem: "an empty message")
        }
        return value
    }
}
