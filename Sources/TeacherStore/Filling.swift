import Distillation
import Files
import Foundation

/// Fills a store with what is missing, beside other processes that do the same.
public struct Filling {
    /// Progress of a filling.
    public enum Event {
        /// An entry that was there; all cases carry an index into the keys.
        case reused(Int)
        case computing(Int)
        case written(Int)
        /// Another process wrote it meanwhile.
        case sharedIn(Int)
        /// An entry that is there but not whole; it is computed anew.
        case damaged(Int, problem: String)
        /// All that is left is computed by others.
        case waiting(left: Int)
    }

    /// The store to fill.
    public let cache: Store
    /// Claims on its entries.
    public let claims: Claims
    /// Seconds between two looks at what others do.
    public var poll = 0.2

    public init(_ cache: Store, claims: Claims) {
        (self.cache, self.claims) = (cache, claims)
    }

    /// Computes what is missing and nobody else computes.
    ///
    /// - Parameters:
    ///   - keys: of the entries wanted; equal ones are computed once
    ///   - start: where to begin among those missing: different processes begin at different places
    ///   - stop: asked before each entry
    ///   - compute: the entry's content and origin
    /// - Returns: whether all entries are there; false when `stop` said so
    public func run(
        _ keys: [String], from start: Int, stop: () -> Bool = { false },
        compute: (Int) throws -> (CachedShard, Seal.Origin?),
        report: (Event) throws -> Void = { _ in }
    ) throws -> Bool {
        var seen: Set<String> = []
        var missing: [Int] = []
        for index in keys.indices {
            switch try cache.state(keys[index]) {
            case .whole: try report(.reused(index))
            case .absent:
                if seen.insert(keys[index]).inserted {
                    missing.append(index)
                } else {
                    try report(.reused(index))
                }
            case .damaged(let problem):
                try report(.damaged(index, problem: problem))
                cache.setAside(keys[index])
                if seen.insert(keys[index]).inserted { missing.append(index) }
            }
        }
        if !missing.isEmpty {
            missing = (0..<missing.count).map { missing[(start % missing.count + $0) % missing.count] }
        }
        while !missing.isEmpty {
            var left: [Int] = []
            for index in missing {
                if stop() { return false }
                let done =
                    try isThere(keys[index])
                    ? .sharedIn(index) : try claimed(keys[index], index, compute, report)
                if let done { try report(done) } else { left.append(index) }
            }
            if left.count == missing.count {
                try report(.waiting(left: left.count))
                Thread.sleep(forTimeInterval: poll)
            }
            missing = left
        }
        // Whoever was killed between writing an entry and giving its claim back.
        _ = try claims.sweep(remove: true) { seen.contains($0) }
        return true
    }

    private func isThere(_ key: String) throws -> Bool {
        if case .whole = try cache.state(key) { true } else { false }
    }

    /// Computes an entry if nobody else does; nil where somebody does.
    private func claimed(
        _ key: String, _ index: Int, _ compute: (Int) throws -> (CachedShard, Seal.Origin?),
        _ report: (Event) throws -> Void
    ) throws -> Event? {
        guard let claim = try claims.take(key) else { return nil }
        defer { claim.release() }
        // Between the look and the claim somebody may have finished it.
        if try isThere(key) { return .sharedIn(index) }
        cache.sweepPartial(key)
        try report(.computing(index))
        let (shard, origin) = try compute(index)
        do { try cache.write(shard, key: key, origin: origin) } catch {
            // Taken for dead by another host, which swept our file and wrote the entry itself.
            guard try isThere(key) else { throw error }
            return .sharedIn(index)
        }
        return .written(index)
    }

    /// A relevance measured once by whoever comes first; the others wait for it. nil when `stop` said so.
    public func relevance(
        _ key: String, stop: () -> Bool = { false }, measure: () throws -> InstructionRelevance
    ) throws -> InstructionRelevance? {
        while !stop() {
            if let known = cache.relevance(key) { return known }
            guard let claim = try claims.take("relevance-\(key)") else {
                Thread.sleep(forTimeInterval: poll)
                continue
            }
            defer { claim.release() }
            if let known = cache.relevance(key) { return known }
            let measured = try measure()
            try cache.write(measured, key: key)
            return measured
        }
        return nil
    }
}

extension Store {
    /// Removes what a writer of this entry left when it died; for the owner of the claim.
    func sweepPartial(_ key: String) {
        let path = path(key)
        let parent = path.deletingLastPathComponent()
        let names = (try? FileManager.default.contentsOfDirectory(atPath: parent.path)) ?? []
        for name in names where name.hasPrefix(".\(path.lastPathComponent).partial-") {
            unlink(parent.appendingPathComponent(name).path)
        }
    }
}
