import Files
import Foundation
import Records
import TestSupport
import Testing

/// The stage itself.
@Suite struct FetchDataProcessTests {
    private let bytes = someBytes(300_000)

    @Test func aRunThatSIGTERMEndsIsGoneOnWith() throws {
        let stage = try #require(StageProcess("fetch-data"))
        let script = Script([.stall(after: 130_000)])
        try withTemporaryFolder { folder in
            try withServer(["a.bin": bytes], answer: { script.next($0) }) { server in
                let world = FetchWorld(folder: folder, server: server)
                _ = try world.manifest([world.file("a.bin", nil)])
                let arguments = [
                    "--manifest", folder.appendingPathComponent("set.json").path, "--out",
                    folder.appendingPathComponent("out").path,
                ]
                let process = Process()
                (process.executableURL, process.arguments) = (stage.executable, arguments)
                let errors = Pipe()
                process.standardError = errors
                try process.run()
                let part = world.data.appendingPathComponent(".a.bin.part").path
                for _ in 0..<400 {
                    let size = try? FileManager.default.attributesOfItem(atPath: part)[.size] as? Int
                    if size == 130_000 { break }
                    Thread.sleep(forTimeInterval: 0.01)
                }
                process.terminate()
                let said = String(
                    decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
                process.waitUntilExit()
                #expect(said.hasSuffix("error: interrupted; run the same command to go on\n"))
                #expect(process.terminationStatus == ExitStatus.tryAgain)
                let second = try stage.run(arguments)
                #expect(second.output == "fetched   set/a.bin, 300000 bytes\n")
                #expect(second.errors.contains("set/a.bin goes on behind byte 130000"))
                #expect(second.status == 0 && server.sent == bytes.count)
            }
        }
    }

    @Test func exitCodesSayWhatHappened() throws {
        let stage = try #require(StageProcess("fetch-data"))
        try withTemporaryFolder { folder in
            try withServer(["a.bin": bytes]) { server in
                let world = FetchWorld(folder: folder, server: server)
                _ = try world.manifest([world.file("a.bin", bytes), world.file("b.bin", nil)])
                let manifest = ["--manifest", folder.appendingPathComponent("set.json").path]
                let out = ["--out", folder.appendingPathComponent("out").path]
                #expect(try stage.run(manifest + out + ["--check"]).status == ExitStatus.missingInput)
                #expect(try stage.run(manifest + out).status == ExitStatus.missingInput)
                #expect(try stage.run(manifest + out + ["--only", "a*", "--check"]).status == 0)
                #expect(try stage.run(manifest + out + ["--only", "c"]).status == ExitStatus.usage)
                #expect(try stage.run(manifest).status == ExitStatus.usage)
                let list = try stage.run(manifest + ["--list"])
                #expect(
                    list.status == 0 && list.output.hasPrefix("set: Set\n  licence: CC0\n  a.bin, 300000"))
            }
        }
    }
}
