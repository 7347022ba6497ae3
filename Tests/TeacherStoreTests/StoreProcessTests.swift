import AlignmentSupport
import Files
import Foundation
import Shards
import TeacherStore
import TestSupport
import Testing

/// The stage itself, several at a time, some killed.
@Suite(.serialized) struct StoreProcessTests {
    /// Built beside the tests, when everything is built.
    static let stage: URL? = {
        let path = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appendingPathComponent("cache-teacher")
        return FileManager.default.isExecutableFile(atPath: path.path) ? path : nil
    }()

    private func start(_ folder: URL, out: String, _ more: [String] = []) throws -> Process {
        let process = Process()
        process.executableURL = Self.stage
        process.arguments =
            [
                "--teacher", tinyModel.appendingPathComponent("teacher").path, "--shards",
                folder.appendingPathComponent("shards").path,
                "--cache", folder.appendingPathComponent("cache").path, "--out",
                folder.appendingPathComponent(out).path,
                "--set", "top_k=null", "--set", "micro_batch_rows=1", "--set", "relevance.pairs=8",
                "--claim-expiry", "5", "--threads", "1", "--json",
            ] + more
        let log = folder.appendingPathComponent("\(out).log")
        try Data().write(to: log)
        process.standardOutput = try FileHandle(forWritingTo: folder.appendingPathComponent("\(out).log"))
        process.standardError = process.standardOutput
        try process.run()
        return process
    }

    private func log(_ folder: URL, _ out: String) -> String {
        (try? String(contentsOf: folder.appendingPathComponent("\(out).log"), encoding: .utf8)) ?? ""
    }

    private func begun(_ folder: URL, _ out: String) -> Int {
        let text =
            (try? String(contentsOf: folder.appendingPathComponent("\(out)/filling.jsonl"), encoding: .utf8))
            ?? ""
        return text.components(separatedBy: #""computing""#).count - 1
    }

    @Test(.enabled(if: stage != nil, "cache-teacher is not built beside the tests"))
    func eightProcessesThreeOfThemKilledFillOneStore() throws {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder, samples: 480, samplesPerShard: 3)
            let shards = dataset.index.shards.count
            let names = (0..<8).map { "out\($0)" }
            let processes = try names.map { try start(folder, out: $0) }
            func work() -> Int { names.reduce(0) { $0 + begun(folder, $1) } }
            var killed = 0
            for (victim, share) in zip(
                [1, 4, 6], [Double.random(in: 0.02..<0.2), .random(in: 0.2..<0.5), .random(in: 0.5..<0.8)])
            {
                let deadline = Date().addingTimeInterval(60)
                while Double(work()) < share * Double(shards), Date() < deadline { usleep(500) }
                if processes[victim].isRunning { killed += 1 }
                kill(processes[victim].processIdentifier, SIGKILL)
            }
            for process in processes { process.waitUntilExit() }
            #expect(killed == 3)
            for number in [0, 2, 3, 5, 7] {
                #expect(processes[number].terminationStatus == 0, "\(log(folder, names[number]))")
            }
            // Every entry once, every byte of it right; nothing left over but claims of those that were
            // killed after the others had looked for such for the last time.
            let cache = Store(folder.appendingPathComponent("cache"))
            #expect(try Claims(cache).sweep(remove: true) <= killed)
            let contents = try StoreContents(cache)
            #expect(contents.entries.count == shards)
            try contents.verify { #expect($1 == nil, "\($0.path.path)") }
            let files =
                FileManager.default.enumerator(atPath: cache.folder.path)?.compactMap { $0 as? String } ?? []
            #expect(
                files.count { $0.hasPrefix("claims/") } == 0 && !files.contains { $0.contains(".partial-") })
            // Those that were killed lose what they were at.
            #expect(Double(work()) <= 1.1 * Double(shards) + 3, "\(work()) begun for \(shards) shards")
            #expect(names.count { begun(folder, $0) > 0 } > 3)

            let begin = Date()
            let again = try start(folder, out: "again")
            again.waitUntilExit()
            #expect(
                again.terminationStatus == 0 && log(folder, "again").contains("reused \(shards)/\(shards)"))
            #expect(Date().timeIntervalSince(begin) < 2)
            #expect(!log(folder, "again").contains("loaded"))  // not even the teacher
        }
    }

    @Test(.enabled(if: stage != nil, "cache-teacher is not built beside the tests"))
    func aFlippedBitIsNamedAndTheEntryComputedAgain() throws {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder)
            func run(_ out: String, _ more: [String] = []) throws -> (status: Int32, log: String) {
                let process = try start(folder, out: out, more)
                process.waitUntilExit()
                return (process.terminationStatus, log(folder, out))
            }
            #expect(try run("one").status == 0)
            let cache = Store(folder.appendingPathComponent("cache"))
            let entry = try StoreIndex(folder: folder.appendingPathComponent("one")).entries[1]
            let path = cache.path(entry.key)
            let whole = try Data(contentsOf: path)
            var damaged = whole
            damaged[50] ^= 2
            try damaged.write(to: path)
            let verified = try run("check", ["--check"])
            #expect(verified.status == 65 && verified.log.contains(entry.key))
            // The receipt of the first run stands, but its entry does not.
            #expect(try run("one").log.contains("computed 1"))
            #expect(try Data(contentsOf: path) == whole)
            let right = try run("check", ["--check"])
            #expect(
                right.status == 0 && right.log.contains(#""wrong":0"#)
                    && !right.log.contains(#""recomputed_positions":0"#))
            #expect(try run("one").log.contains("up to date"))
            #expect(
                try CachedTeacher(index: folder.appendingPathComponent("one"), cache: cache, dataset: dataset)
                    .sample(0).response.count > 0)
        }
    }

    @Test(.enabled(if: stage != nil, "cache-teacher is not built beside the tests"))
    func senselessSettingsAreRefusedBeforeAnythingIsComputed() throws {
        try withTemporaryFolder { folder in
            _ = try tinyDataset(in: folder)
            for (setting, name) in [
                ("top_k=0", "top_k"), ("saliency_mass=0", "saliency_mass"), ("samples=0", "samples"),
                ("saliency_layer=99", "saliency_layer"),
            ] {
                let process = try start(folder, out: "out", ["--set", setting])
                process.waitUntilExit()
                #expect(
                    [64, 65].contains(process.terminationStatus) && log(folder, "out").contains(name),
                    "\(log(folder, "out"))")
                #expect(
                    !FileManager.default.fileExists(
                        atPath: folder.appendingPathComponent("cache/entries").path))
            }
        }
    }
}
