import Foundation
import TestSupport
import Testing

/// The `import` lines of Sources/ against the tables of Package.swift: arrows never turn round, and nothing
/// is listed in vain.
@Suite struct ImportTests {
    /// Rows `("Name", ["A", "B"])` of the manifest, in its order.
    private let table: [(name: String, imports: [String])]
    private static let systemModules: Set<String> = ["Foundation", "Synchronization", "Dispatch", "Glibc"]

    init() throws {
        let manifest = try String(
            contentsOf: Fixtures.repository.appendingPathComponent("Package.swift"), encoding: .utf8)
        // The formatter breaks a long row over lines.
        table = manifest.matches(of: #/\n {4}\(\s*"([A-Za-z-]+)",\s*\[([^\]]*)\]/#).map { row in
            (String(row.output.1), row.output.2.matches(of: #/"(\w+)"/#).map { String($0.output.1) })
        }
    }

    /// Modules that the Swift files of a target import.
    private func imports(of target: String) throws -> Set<String> {
        let folder = Fixtures.repository.appendingPathComponent("Sources/\(target)")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
            $0.hasSuffix(".swift")
        }
        var found: Set<String> = []
        for name in names {
            let text = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
            for line in text.split(separator: "\n")
            where line.hasPrefix("import ") || line.hasPrefix("package import ") {
                found.insert(String(line.split(separator: " ").last ?? ""))
            }
        }
        return found.subtracting(Self.systemModules)
    }

    @Test func everyTargetImportsWhatTheManifestSaysAndNothingElse() throws {
        #expect(table.count >= 20)
        for (name, listed) in table {
            let isStage = name.contains("-")
            let found = try imports(of: name).subtracting(
                isStage ? ["Stage", "Settings", "ArgumentParser", "Files"] : [])
            let allowed = Set(listed)
            #expect(
                found.isSubset(of: allowed),
                "\(name) imports \(found.subtracting(allowed).sorted()), which Package.swift does not list")
            #expect(
                allowed.isSubset(of: found),
                "Package.swift lists \(allowed.subtracting(found).sorted()) for \(name), where it is unused"
            )
        }
    }

    @Test func librariesImportOnlyWhatStandsAboveThem() {
        var above: Set<String> = [
            "COpenBLAS", "CDNNL", "CZstd", "CZlib", "CArchive", "CCrypto", "CJPEG", "CPNG", "CWebP",
            "CGIF", "CTIFF", "CCurl", "CAllocator", "CKernels", "CMessages",
            "ArgumentParser", "Yams", "Mustache",
        ]
        for (name, listed) in table {
            #expect(
                Set(listed).isSubset(of: above),
                "\(name) imports \(Set(listed).subtracting(above).sorted()) from below")
            above.insert(name)
        }
    }

    @Test func everyFolderOfSourcesIsATarget() throws {
        let folders = try FileManager.default.contentsOfDirectory(
            atPath: Fixtures.repository.appendingPathComponent("Sources").path)
        let known = Set(table.map(\.name)).union([
            "COpenBLAS", "CDNNL", "CZstd", "CZlib", "CArchive", "CCrypto", "CJPEG", "CPNG", "CWebP",
            "CGIF", "CTIFF", "CCurl", "CAllocator", "CKernels", "CMessages",
        ])
        #expect(Set(folders.filter { !$0.hasPrefix(".") }) == known)
    }
}
