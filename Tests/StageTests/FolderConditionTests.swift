import Foundation
import Settings
import Stage
import TestSupport
import Testing

@Suite struct FolderConditionTests {
    private struct NoSettings: Recipe {}

    @Test func aFolderIsTakenUntilItsProcessEndsOrFinishes() throws {
        try withTemporaryFolder { folder in
            let out = folder.appendingPathComponent("out")
            #expect(FolderCondition(of: out) == .left)
            func run() throws -> StageRun {
                try StageRun(
                    "pack", recipe: NoSettings(), inputs: [], output: out,
                    options: ConfigurationOptions.parse([])
                ) { _ in }
            }
            do {
                let ends = try run()
                try ends.begin()
                #expect(FolderCondition(of: out) == .taken)
                // To look takes nothing away.
                #expect(throws: StageError.busy(path: out.path)) { try run().begin() }
            }
            #expect(FolderCondition(of: out) == .left)
            let finishes = try run()
            try finishes.begin()
            try finishes.finish()
            #expect(FolderCondition(of: out) == .finished)
        }
    }
}
