import Foundation

/// Names that are nearly the wanted ones: below another folder, with letters of another case or form, or with
/// another ending. They are told to people and never taken for what was asked for.
struct NearNames {
    /// A wanted path as it is compared.
    private struct Wanted {
        let key: ExactKey
        let folder, stem, ending: Substring
    }
    private var wanted: [String: [Wanted]] = [:]
    private var found: [ExactKey: (rank: Int, name: String)] = [:]

    init(_ paths: some Sequence<String>) {
        for path in paths {
            let folded = Self.folded(path)
            let (folder, stem, ending) = Self.parts(folded)
            wanted[String(stem), default: []].append(
                Wanted(key: ExactKey(path), folder: folder, stem: stem, ending: ending))
        }
    }

    /// Whether there is nothing to look for.
    var isEmpty: Bool { wanted.isEmpty }

    /// Looks at a name that is there.
    mutating func see(_ path: String) {
        guard !wanted.isEmpty else { return }
        let (folder, stem, ending) = Self.parts(Self.folded(path))
        for want in wanted[String(stem)] ?? [] {
            let rank: Int
            if want.folder == folder {
                rank = want.ending == ending ? 0 : 2
            } else if want.ending == ending, Self.ends(folder, want.folder) || Self.ends(want.folder, folder)
            {
                rank = 1
            } else {
                continue
            }
            if rank < found[want.key]?.rank ?? .max { found[want.key] = (rank, path) }
        }
    }

    /// The nearest name that was seen.
    func near(_ path: String) -> String? { found[ExactKey(path)]?.name }

    private static func ends(_ folder: Substring, _ end: Substring) -> Bool {
        end.isEmpty || folder.hasSuffix("/\(end)")
    }

    private static func folded(_ path: String) -> String {
        (path.utf8.allSatisfy { $0 < 0x80 } ? path : path.precomposedStringWithCompatibilityMapping)
            .lowercased().replacing("\\", with: "/")
    }

    private static func parts(_ path: String) -> (folder: Substring, stem: Substring, ending: Substring) {
        let slash = path.lastIndex(of: "/")
        let name = slash.map { path[path.index(after: $0)...] } ?? path[...]
        let dot = name.lastIndex(of: ".") ?? name.endIndex
        return (slash.map { path[..<$0] } ?? "", name[..<dot], name[dot...])
    }
}
