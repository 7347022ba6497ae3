import Files
import Foundation

/// Signs of who is computing which entry, so that processes and hosts that fill one store share the work
/// instead of repeating it.
///
/// A claim is a file `claims/<key>.<generation>` that only one process can create (O_EXCL), with its owner as
/// JSON; its modification time is the owner's heartbeat. It ends when its owner removes it or dies. A dead
/// claim is not removed by others, who could hit the claim of a quicker one: the next generation is created
/// beside it, which again only one process can. Claims only save work: entries are written whole under their
/// own name, so two owners of one claim would compute the same thing twice and nothing worse.
public final class Claims {
    /// Seconds after which the claim of a process that cannot be looked at (another host, another container)
    /// counts as dead when its heartbeat does not change. Observed on this process's own clock: no two clocks
    /// are compared.
    public let expiry: Double
    private let folder: URL
    private let me = ClaimOwner.current()
    private var seen: [String: (heartbeat: timespec, since: ContinuousClock.Instant)] = [:]

    public init(_ cache: Store, expiry: Double = 120) {
        folder = cache.folder.appendingPathComponent("claims")
        self.expiry = expiry
    }

    /// The right to compute an entry; nil while somebody else has it.
    ///
    /// - Throws: `FilesError` when the folder cannot be written
    public func take(_ key: String) throws -> Claim? {
        try AtomicOutput.makeFolder(folder)
        let owner = try JSONEncoder().encode(me)
        for generation in 0... {
            let path = path(key, generation)
            let file = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o644)
            if file >= 0 {
                // A claim cut short by a kill says nothing of its owner: its heartbeat decides.
                try? owner.withUnsafeBytes { try AtomicOutput.writeAll($0, to: file, path: path) }
                close(file)
                return Claim(
                    path: path, older: (0..<generation).map { self.path(key, $0) }, heartbeat: expiry / 5)
            }
            guard errno == EEXIST else {
                throw FilesError.system(path: path, operation: "create the claim", code: errno)
            }
            guard try isDead(path) else { return nil }
        }
        return nil
    }

    private func path(_ key: String, _ generation: Int) -> String {
        folder.appendingPathComponent("\(key).\(generation)").path
    }

    /// Claims on entries of which every owner is dead: a crash between writing and releasing leaves one.
    ///
    /// - Parameters:
    ///   - remove: whether to remove them
    ///   - isMeant: which keys are looked at
    /// - Returns: how many there are
    public func sweep(remove: Bool, where isMeant: (_ key: String) -> Bool = { _ in true }) throws -> Int {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        var count = 0
        for (key, generations) in Dictionary(grouping: names, by: { String($0.prefix { $0 != "." }) })
        where isMeant(key) {
            let paths = generations.map { folder.appendingPathComponent($0).path }
            guard try paths.allSatisfy({ try isDead($0) }) else { continue }
            count += paths.count
            if remove { for path in paths { unlink(path) } }
        }
        return count
    }

    private func isDead(_ path: String) throws -> Bool {
        if let data = FileManager.default.contents(atPath: path),
            let owner = try? JSONDecoder().decode(ClaimOwner.self, from: data),
            let alive = owner.isAlive(seenFrom: me)
        {
            return !alive
        }
        var status = stat()
        // A claim that was just released: the next round finds the entry, or the way free.
        guard stat(path, &status) == 0 else { return false }
        let (now, heartbeat) = (ContinuousClock.now, status.st_mtim)
        guard let earlier = seen[path], earlier.heartbeat.tv_sec == heartbeat.tv_sec,
            earlier.heartbeat.tv_nsec == heartbeat.tv_nsec
        else {
            seen[path] = (heartbeat, now)
            return false
        }
        return now - earlier.since > .seconds(expiry)
    }
}

/// The right to compute one entry, until it is released or the process ends.
public final class Claim {
    private let path: String
    private let older: [String]
    private let timer: any DispatchSourceTimer

    init(path: String, older: [String], heartbeat: Double) {
        (self.path, self.older) = (path, older)
        timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "claim"))
        timer.schedule(deadline: .now() + heartbeat, repeating: heartbeat)
        // A heartbeat that cannot be written lets the claim expire: the work is done twice, the result is the
        // same.
        timer.setEventHandler { utimes(path, nil) }
        timer.resume()
    }

    /// Gives the right back, after the entry is written or when it will not be. Older generations go first:
    /// whoever then claims anew finds the entry there.
    public func release() {
        timer.cancel()
        for path in older + [path] { unlink(path) }
    }
}
