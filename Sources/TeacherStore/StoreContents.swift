import Distillation
import Files
import Foundation

/// Contents of a store, and the part of them that can go.
public struct StoreContents: Sendable {
    /// A file below `entries/`.
    public struct Entry: Sendable {
        /// File of the entry.
        public let path: URL
        /// Key of the entry, from its name.
        public let key: String
        /// Size on disk.
        public let bytes: Int
        /// Condition, from a look at its end; nil where the system does not let it be read.
        public let state: Store.State?

        /// The seal of a whole entry.
        public var seal: Seal? { if case .whole(let seal, _)? = state { seal } else { nil } }
    }

    /// Something that no run needs.
    public struct Waste: Sendable {
        /// The file.
        public let path: URL
        /// Size on disk.
        public let bytes: Int
        /// Why nobody needs it.
        public let reason: String
    }

    /// The store.
    public let cache: Store
    /// In the order of their keys.
    public let entries: [Entry]

    private static let suffix = ".safetensors.zst"

    /// Looks at the end of every entry; contents are not read.
    ///
    /// - Throws: `FilesError` when the store cannot be listed
    public init(_ cache: Store) throws {
        self.cache = cache
        let folder = cache.folder.appendingPathComponent("entries")
        guard FileManager.default.fileExists(atPath: folder.path) else {
            entries = []
            return
        }
        entries = try FolderListing.files(below: folder).map { name in
            let path = folder.appendingPathComponent(name)
            let key =
                path.lastPathComponent.hasSuffix(Self.suffix)
                ? String(path.lastPathComponent.dropLast(Self.suffix.count)) : path.lastPathComponent
            return Entry(
                path: path, key: key, bytes: Self.size(path), state: try? Store.state(of: path, key: key))
        }
    }

    /// Keys that indexes of teacher outputs below some folders name: finished ones, unfinished ones and those
    /// of other versions.
    ///
    /// - Throws: `StoreError.unreadableIndex` for an `index.json` that is not JSON: it might name entries
    public static func named(below folders: [URL]) throws -> (keys: Set<String>, indexes: Int) {
        struct Index: Decodable {
            struct Entry: Decodable { let key: String }
            let entries: [Entry]
        }
        var (keys, indexes): (Set<String>, Int) = ([], 0)
        for folder in folders {
            for name in try FolderListing.files(below: folder)
            where name == StoreIndex.file || name.hasSuffix("/\(StoreIndex.file)") {
                let path = folder.appendingPathComponent(name)
                guard let data = try? Data(InputBytes.read(path)),
                    (try? JSONSerialization.jsonObject(with: data)) != nil
                else {
                    throw StoreError.unreadableIndex(path: path.path)
                }
                // Shards have an index.json too; it names no entries.
                guard let index = try? JSONDecoder().decode(Index.self, from: data) else { continue }
                keys.formUnion(index.entries.map(\.key))
                indexes += 1
            }
        }
        return (keys, indexes)
    }

    /// Entries that none of the keys names, entries that are not whole, what was set aside, and what dead
    /// writers left.
    public func waste(naming keys: Set<String>) throws -> [Waste] {
        var found: [Waste] = []
        for entry in entries {
            switch entry.state {
            case .damaged(let problem)?:
                found.append(Waste(path: entry.path, bytes: entry.bytes, reason: problem))
            case .whole? where !keys.contains(entry.key):
                found.append(Waste(path: entry.path, bytes: entry.bytes, reason: "no index names it"))
            default: continue
            }
        }
        let manager = FileManager.default
        if manager.fileExists(atPath: cache.damagedFolder.path) {
            found += try FolderListing.files(below: cache.damagedFolder).map {
                let path = cache.damagedFolder.appendingPathComponent($0)
                return Waste(path: path, bytes: Self.size(path), reason: "set aside as damaged")
            }
        }
        // Hidden names of writers: a day without a change is more than any write takes.
        let walk = manager.enumerator(
            at: cache.folder, includingPropertiesForKeys: [.contentModificationDateKey, .fileSizeKey])
        while let path = walk?.nextObject() as? URL {
            let name = path.lastPathComponent
            guard name.hasPrefix("."), name.contains(".partial-"),
                let modified = try? path.resourceValues(forKeys: [.contentModificationDateKey])
                    .contentModificationDate,
                Date().timeIntervalSince(modified) > 86_400
            else { continue }
            found.append(Waste(path: path, bytes: Self.size(path), reason: "its writer died"))
        }
        return found
    }

    private static func size(_ path: URL) -> Int {
        (try? path.resourceValues(forKeys: [.fileSizeKey]).fileSize) ?? 0
    }

    /// Reads every byte of every entry; damaged ones are set aside, so that the next cache-teacher computes
    /// them anew.
    ///
    /// - Parameter report: told of each entry, with the problem of one that is damaged
    public func verify(_ report: (Entry, _ problem: String?) throws -> Void) throws {
        for entry in entries {
            do {
                guard try cache.check(entry.key) != nil else {
                    throw Seal.Problem("its name is none of an entry")
                }
                try report(entry, nil)
            } catch let problem as Seal.Problem {
                cache.setAside(entry.key)
                try report(entry, problem.description)
            } catch let problem as FilesError where problem.isOfSystem {
                // It may be whole: it stays, and the others are read.
                try report(entry, problem.description)
            }
        }
    }
}
