import Records

/// What people read about a manifest.
public enum ManifestText {
    /// Everything: files, addresses, licence, what has to be done by hand, what is missing.
    public static func listing(_ manifest: DataManifest) -> [String] {
        ["\(manifest.name): \(manifest.title)", "  licence: \(manifest.licence)"]
            + (manifest.source.map { ["  source: \($0)"] } ?? [])
            + manifest.files.map { file in
                let size = file.bytes.map { ", \($0) bytes" } ?? ""
                let kind = file.isOptional ? " (optional)" : ""
                return "  \(file.path)\(size)\(kind): \(file.url ?? "by hand")"
            }
            + points("how to get it:", manifest.obtain) + remarks(manifest)
    }

    /// What has to be got by hand, and from where; nothing where everything came.
    public static func byHand(_ report: FetchReport, _ manifests: [DataManifest]) -> [String] {
        manifests.flatMap { manifest -> [String] in
            let items = report.byHand.filter { $0.manifest == manifest.name }
            guard !items.isEmpty else { return [] }
            let names = items.map { $0.path + ($0.isOptional ? " (optional)" : "") }
            return ["\(manifest.name), by hand: \(names.joined(separator: ", "))"]
                + (manifest.source.map { ["  source: \($0)"] } ?? [])
                + manifest.obtain.map { "  - \($0)" }
        }
    }

    /// What else belongs to a manifest's data, and what is known to be missing.
    public static func remarks(_ manifest: DataManifest) -> [String] {
        points("known holes:", manifest.holes)
            + (manifest.needs.isEmpty ? [] : ["  needs also: \(manifest.needs.joined(separator: ", "))"])
    }

    private static func points(_ title: String, _ lines: [String]) -> [String] {
        lines.isEmpty ? [] : ["  \(title)"] + lines.map { "  - \($0)" }
    }
}
