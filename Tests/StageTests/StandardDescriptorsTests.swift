import Files
import Foundation
import TestSupport
import Testing

/// A stage whose output and log go nowhere does its work all the same, and the same work.
@Suite struct StandardDescriptorsTests {
    private static let stage = StageProcess("make-world")

    @Test(.enabled(if: stage != nil, "make-world is not built beside the tests"))
    func closedAndFullDescriptorsChangeNothing() throws {
        guard let stage = Self.stage else { return }
        try withTemporaryFolder { folder in
            let recipe = Fixtures.repository.appendingPathComponent("pipelines/smoke/world.yaml").path
            func digest(_ redirected: String, _ number: Int) throws -> String {
                let out = folder.appendingPathComponent("world\(number)")
                let found = try stage.run(
                    ["--config", recipe, "--set", "teacher_images=20", "--out", out.path],
                    redirected: redirected)
                #expect(found.status == 0, "\(redirected): \(found.errors)")
                try FileManager.default.removeItem(at: out.appendingPathComponent("receipt.json"))
                return try Digest.sha256(ofFolder: out)
            }
            let expected = try digest("", 0)
            for (number, redirected) in [
                "2>&-", "2>/dev/full", ">&- 2>&-", "<&- >&- 2>&-", ">/dev/full 2>&1", "2>&1 | true",
            ].enumerated() {
                #expect(try digest(redirected, number + 1) == expected, "\(redirected)")
            }
        }
    }

    /// `ulimit -f` counts blocks of 512 bytes.
    @Test(.enabled(if: stage != nil, "make-world is not built beside the tests"))
    func aLimitOnSizesOfFilesIsAnErrorThatSaysSo() throws {
        guard let stage = Self.stage else { return }
        try withTemporaryFolder { folder in
            let recipe = Fixtures.repository.appendingPathComponent("pipelines/smoke/world.yaml").path
            let found = try stage.run(
                ["--config", recipe, "--out", folder.appendingPathComponent("world").path],
                after: "ulimit -f 8")
            #expect(found.status == 74)
            #expect(found.errors.contains("File too large; raise the limit on sizes of files (ulimit -f)"))
        }
    }
}
