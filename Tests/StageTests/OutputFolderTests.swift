import Files
import Foundation
import Settings
import Stage
import TestSupport
import Testing

private struct Small: Recipe {
    @Setting("A number.") var rate = 0.1
}

/// A stage writes into a folder of its own, alone, and reads what its inputs' receipts claim.
@Suite struct OutputFolderTests {
    private func run(
        _ stage: String, _ output: URL, _ arguments: [String] = [], inputs: [URL] = []
    ) throws -> StageRun {
        try StageRun(
            stage, recipe: Small(), inputs: inputs.map { try StageInput("data", $0) }, output: output,
            options: ConfigurationOptions.parse(arguments)
        ) { _ in }
    }

    private func make(_ stage: String, _ output: URL, in folder: String = "") throws {
        let run = try run(stage, output)
        try run.begin()
        try AtomicOutput.writeAtomically("content", to: output.appendingPathComponent("\(folder)a.bin"))
        try run.finish()
    }

    private func refusal(_ problem: String, _ output: URL) -> StageError {
        .badOutput(path: output.path, problem: problem)
    }

    @Test func aFolderOfAnythingElseIsRefusedUnlessForced() throws {
        try withTemporaryFolder { folder in
            let (world, notes) = (
                folder.appendingPathComponent("world"), folder.appendingPathComponent("notes")
            )
            try make("make-world", world)
            try AtomicOutput.writeAtomically("mine", to: notes.appendingPathComponent("diary.txt"))
            let remedy = "give another folder, or --force to write into this one"
            #expect(throws: refusal("holds what make-world has made: \(remedy)", world)) {
                try run("pack-shards", world)
            }
            #expect(throws: refusal("is not empty (it holds 'diary.txt'): \(remedy)", notes)) {
                try run("pack-shards", notes)
            }
            _ = try run("pack-shards", notes, ["--force"])
            _ = try run("make-world", world)
        }
    }

    @Test func anInterruptedRunFindsItsFolderAgainAndOthersDoNot() throws {
        try withTemporaryFolder { folder in
            let out = folder.appendingPathComponent("out")
            var first: StageRun? = try run("train", out)
            try first?.begin()
            try AtomicOutput.writeAtomically("state", to: out.appendingPathComponent("state"))
            try AtomicOutput.writeAtomically("cut", to: out.appendingPathComponent(".model.partial-1-a"))
            // While it is at work nobody else writes.
            #expect(throws: StageError.busy(path: out.path)) { try run("train", out).begin() }
            first = nil  // killed: the lock goes with it
            #expect(throws: StageError.self) { try run("pack", out) }
            // Killed between making the mark and writing the name into it.
            let mark = out.appendingPathComponent(".owner")
            try Data().write(to: mark)
            _ = try run("train", out)
            let second = try run("train", out)
            try second.begin()
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: out.path).sorted() == [".owner", "state"])
            try second.finish()
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: out.path).sorted()
                    == ["receipt.json", "state"])
        }
    }

    @Test func inputsLinksAndTheRootAreNoOutput() throws {
        try withTemporaryFolder { folder in
            let real = folder.appendingPathComponent("real")
            try make("make-world", real)
            let link = folder.appendingPathComponent("link")
            try FileManager.default.createSymbolicLink(at: link, withDestinationURL: real)
            #expect(throws: StageError.self) { try run("make-world", link) }
            #expect(
                throws: refusal("is also an input: give another folder", real)
            ) { try run("make-world", real, ["--force"], inputs: [real]) }
            #expect(throws: StageError.self) { try run("make-world", folder, ["--force"], inputs: [real]) }
            #expect(throws: StageError.self) { try run("make-world", URL(fileURLWithPath: "/"), ["--force"]) }
            #expect(throws: StageError.self) {
                try run("make-world", URL(fileURLWithPath: NSHomeDirectory()), ["--force"])
            }
        }
    }

    @Test func anInputThatIsNotWhatItsReceiptClaimsIsNamed() throws {
        try withTemporaryFolder { folder in
            let (model, out) = (folder.appendingPathComponent("model"), folder.appendingPathComponent("out"))
            try make("train-student", model)
            let weights = model.appendingPathComponent("a.bin")
            let good = try run("answer", out, inputs: [model])
            try good.begin()
            try good.finish()
            try AtomicOutput.writeAtomically("contenu", to: weights)  // the same number of bytes
            #expect {
                try run("answer", out, inputs: [model]).begin()
            } throws: { error in
                guard case FilesError.corrupt(path: weights.path, offset: nil, let problem) = error else {
                    return false
                }
                return problem.contains("run train-student again")
            }
            #expect(throws: FilesError.self) { try StageInput("file", weights).verify() }
            // A folder inside a finished one that is given by itself.
            let part = folder.appendingPathComponent("world/questions")
            try make("make-world", folder.appendingPathComponent("world"), in: "questions/")
            try StageInput("benchmark", part, digest: "of its texts").verify()
            try AtomicOutput.writeAtomically("contenu", to: part.appendingPathComponent("a.bin"))
            #expect(throws: FilesError.self) {
                try StageInput("benchmark", part, digest: "of its texts").verify()
            }
            // Held where it is read.
            try StageInput("model", model) { $0 == "a.bin" }.verify()
        }
    }
}
