import Files
import Foundation
import Records
import Settings
import Stage
import TestSupport
import Testing

private struct Small: Recipe {
    var rate = 0.1
    @Setting("The limit.") var limit: Int?
    @Setting("How often.", changesResult: false) var every = 1
}

@Suite struct StageRunTests {
    private final class Log {
        var lines: [String] = []
    }

    private func prepare(
        _ folder: URL, rate: Double = 0.1, every: Int = 1, stage: String = "pack", log: Log = Log(),
        arguments: [String] = []
    ) throws -> StageRun {
        let input = folder.appendingPathComponent("in.txt")
        if !FileManager.default.fileExists(atPath: input.path) {
            try AtomicOutput.writeAtomically("data", to: input)
        }
        return try StageRun(
            stage, recipe: Small(rate: rate, every: every), inputs: [StageInput("data", input)],
            output: folder.appendingPathComponent("out"),
            options: ConfigurationOptions.parse(arguments)
        ) { log.lines.append($0) }
    }

    private func complete(_ run: StageRun, content: String = "result") throws -> Receipt {
        try run.begin()
        try AtomicOutput.writeAtomically(content, to: run.output.appendingPathComponent("sub/a.bin"))
        try AtomicOutput.writeAtomically(
            "\(UInt64.random(in: 0 ... .max))", to: run.output.appendingPathComponent("log.jsonl"))
        try AtomicOutput.writeAtomically("state", to: run.output.appendingPathComponent("state/x"))
        let receipt = try run.finish(
            counts: ["samples": 3, "mean": 0.25], volatile: ["log.jsonl"], excluding: ["state/"],
            blasCore: "Haswell")
        return try #require(receipt)
    }

    @Test func aFinishedRunIsUpToDateAndTouched() throws {
        try withTemporaryFolder { folder in
            let log = Log()
            #expect(try !prepare(folder, log: log).isUpToDate())
            let receipt = try complete(prepare(folder))
            let url = folder.appendingPathComponent("out/receipt.json")
            let text = try String(contentsOf: url, encoding: .utf8)
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 1000)], ofItemAtPath: url.path)
            #expect(try prepare(folder, log: log).isUpToDate())
            #expect(log.lines == ["pack: \(folder.path)/out is up to date"])
            let date = try #require(
                FileManager.default.attributesOfItem(atPath: url.path)[.modificationDate] as? Date)
            #expect(date.timeIntervalSince1970 > 1_000_000)
            #expect(try String(contentsOf: url, encoding: .utf8) == text)
            #expect(try Receipt.read(in: folder.appendingPathComponent("out")) == receipt)
            #expect(try !prepare(folder, arguments: ["--force"]).isUpToDate())
        }
    }

    @Test func theReceiptSaysWhatWasDone() throws {
        try withTemporaryFolder { folder in
            let receipt = try complete(prepare(folder, arguments: ["--threads", "2"]))
            #expect(receipt.stage == "pack")
            #expect(receipt.recipe == ["rate": 0.1, "limit": nil, "every": 1])
            #expect(receipt.inputs.map(\.sha256) == [Digest.sha256("data")])
            #expect(receipt.outputs.map(\.path) == ["log.jsonl", "sub/a.bin"])
            #expect(receipt.outputs.map(\.isVolatile) == [true, false])
            #expect(receipt.outputDigest == Digest.sha256("\(Digest.sha256("result"))  sub/a.bin\n"))
            #expect(receipt.counts == ["samples": 3, "mean": 0.25])
            #expect(receipt.blasCore == "Haswell" && receipt.threads == 2)
            #expect(receipt.peakResidentBytes > 1 << 20 && receipt.cpuSeconds > 0 && receipt.wallSeconds > 0)
            #expect(receipt.finishedAt.hasSuffix("Z"))
        }
    }

    @Test func anotherRecipeOrInputIsNotUpToDateAndAnotherStageIsRefused() throws {
        try withTemporaryFolder { folder in
            _ = try complete(prepare(folder))
            #expect(try !prepare(folder, rate: 0.2).isUpToDate())
            // What cannot change the result needs no other.
            #expect(try prepare(folder, every: 2).isUpToDate())
            #expect(try prepare(folder, every: 2).identity == prepare(folder).identity)
            #expect(throws: StageError.self) { try prepare(folder, stage: "other") }
            #expect(try !prepare(folder, stage: "other", arguments: ["--force"]).isUpToDate())
            #expect(try prepare(folder).isUpToDate())
            try AtomicOutput.writeAtomically("other", to: folder.appendingPathComponent("in.txt"))
            #expect(try !prepare(folder).isUpToDate())
        }
    }

    @Test func beginTakesTheOldReceiptAway() throws {
        try withTemporaryFolder { folder in
            _ = try complete(prepare(folder))
            try prepare(folder).begin()
            #expect(
                !FileManager.default.fileExists(
                    atPath: folder.appendingPathComponent("out/receipt.json").path))
            #expect(try Receipt.read(in: folder.appendingPathComponent("out")) == nil)
        }
    }

    @Test func aDamagedReceiptCountsAsNoneWithAWarning() throws {
        try withTemporaryFolder { folder in
            _ = try complete(prepare(folder))
            let url = folder.appendingPathComponent("out/receipt.json")
            let text = try String(contentsOf: url, encoding: .utf8)
            for damaged in [
                "", "{", "[]", "{}",
                text.replacingOccurrences(of: "\"samples\" : 3", with: "\"samples\" : 4"),
                text.replacingOccurrences(of: "receipt 2", with: "receipt 3"), String(text.dropLast(20)),
            ] {
                #expect(damaged != text)
                try AtomicOutput.writeAtomically(damaged, to: url)
                let log = Log()
                #expect(try !prepare(folder, log: log).isUpToDate())
                #expect(
                    log.lines.count == 1 && log.lines[0].contains("warning")
                        && log.lines[0].contains("receipt.json"), "\(log.lines)")
            }
        }
    }

    @Test func aLostOutputIsMadeAgain() throws {
        try withTemporaryFolder { folder in
            _ = try complete(prepare(folder))
            try AtomicOutput.writeAtomically(
                "longer than before", to: folder.appendingPathComponent("out/sub/a.bin"))
            let log = Log()
            #expect(try !prepare(folder, log: log).isUpToDate())
            #expect(log.lines.first?.contains("'sub/a.bin' is gone or changed") == true)
        }
    }

    @Test func aFolderWithAReceiptIsDigestedByItsOutputs() throws {
        try withTemporaryFolder { folder in
            let first = try complete(prepare(folder))
            let out = folder.appendingPathComponent("out")
            #expect(try StageInput("shards", out).digest == first.outputDigest)
            // A second run differs in times and logs, and is the same input.
            #expect(try complete(prepare(folder)).outputDigest == first.outputDigest)
            #expect(try complete(prepare(folder), content: "else").outputDigest != first.outputDigest)
            #expect(try StageInput("x", out, digest: "given").digest == "given")
            try FileManager.default.removeItem(at: out.appendingPathComponent("receipt.json"))
            #expect(try StageInput("x", out).digest == Digest.sha256(ofFolder: out))
            #expect(throws: FilesError.missing(path: out.path + "/no")) {
                try StageInput("x", out.appendingPathComponent("no"))
            }
        }
    }

    /// Weights stay mapped while a stage computes with them: of what it was given while it ran, there is no
    /// receipt.
    @Test func weightsThatChangeWhileAStageRunsEndIt() throws {
        for isReceipted in [false, true] {
            try withTemporaryFolder { folder in
                let model = folder.appendingPathComponent("model")
                let weights = model.appendingPathComponent("model.safetensors")
                let output = folder.appendingPathComponent("out")
                let options = try ConfigurationOptions.parse([])
                func run(_ name: String, _ inputs: [StageInput], into output: URL) throws -> StageRun {
                    let run = try StageRun(
                        name, recipe: Small(), inputs: inputs, output: output, options: options
                    ) { _ in }
                    try run.begin()
                    return run
                }
                func write(_ text: String) throws { try AtomicOutput.writeAtomically(text, to: weights) }
                if isReceipted {
                    let made = try run("make", [], into: model)
                    try write("weights")
                    try made.finish()
                } else {
                    try write("weights")
                }
                // The same bytes with other times are the same weights.
                let same = try run("use", [StageInput("model", model)], into: output)
                try write("weights")
                try same.finish()
                for input in [model, weights] {
                    let other = try run("use", [StageInput("model", input)], into: output)
                    try write("changed")
                    #expect(throws: StageError.inputChanged(path: weights.path)) { try other.finish() }
                    #expect(try Receipt.read(in: output) == nil)
                    try write("weights")
                }
            }
        }
    }

    @Test func peaksOfAnySizeAreRead() {
        #expect(
            ResourceUsage.kibibytes("VmHWM", in: "Name:\tx\nVmHWM:\t    1234 kB\nVmRSS:\t 5 kB\n") == 1234)
        #expect(ResourceUsage.kibibytes("VmHWM", in: "VmHWM:\t21694668 kB\n") == 21_694_668)
        #expect(ResourceUsage.kibibytes("VmHWM", in: "") == nil)
        #expect(ResourceUsage.current().peakResidentBytes >= ResourceUsage.ownBytes)
        #expect(ResourceUsage.ownBytes > 1 << 20)
    }

    /// A run that is killed behind its receipt leaves its state to the next, which finds nothing to do.
    @Test func stateIsForgottenOnceTheReceiptStands() throws {
        try withTemporaryFolder { folder in
            let state = folder.appendingPathComponent("out/state/x")
            func run() throws -> StageRun {
                let run = try prepare(folder)
                run.forgetState = { unlink(state.path) }
                return run
            }
            _ = try complete(run())
            #expect(!FileManager.default.fileExists(atPath: state.path))
            let mark = folder.appendingPathComponent("out/.owner")
            try AtomicOutput.writeAtomically("state", to: state)
            try AtomicOutput.writeAtomically("pack", to: mark)
            #expect(try run().isUpToDate())
            #expect(!FileManager.default.fileExists(atPath: state.path))
            #expect(!FileManager.default.fileExists(atPath: mark.path))
            // A process that is alive keeps its mark.
            let alive = try FolderLock(mark, patience: 1)
            #expect(try run().isUpToDate() && FileManager.default.fileExists(atPath: mark.path))
            alive?.remove()
        }
    }
}
