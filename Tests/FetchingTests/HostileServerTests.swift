import Fetching
import Files
import Foundation
import Records
import TestSupport
import Testing

/// Servers that say one thing and send another.
@Suite struct HostileServerTests {
    private let bytes = someBytes(200_000)

    private struct Outcome {
        let line: String
        let bytes: [UInt8]?
        let offsets: [Int?]
    }

    /// Fetches one file from a server that answers by a script.
    private func fetch(
        _ answers: [HostileServer.Answer], change: (inout FetchWorld.File) -> Void = { _ in }
    ) throws -> Outcome {
        let script = Script(answers)
        return try withTemporaryFolder { folder in
            try withServer(["a.bin": bytes], answer: { script.next($0) }) { server in
                let world = FetchWorld(folder: folder, server: server)
                var file = world.file("a.bin", bytes)
                change(&file)
                let line = try world.fetch(world.manifest([file]))[0]
                return Outcome(
                    line: line, bytes: world.bytes("a.bin"), offsets: server.requests.map(\.offset))
            }
        }
    }

    @Test func aServerWithoutPartsSendsTheWholeAgain() throws {
        let outcome = try fetch([.cut(after: 100_000), .whole])
        #expect(outcome.bytes == bytes && outcome.offsets == [nil, 100_000])
    }

    @Test func aWrongPartIsNotTakenAndTheSecondOneEndsTheAskingForParts() throws {
        let once = try fetch([.cut(after: 100_000), .part(off: 10)])
        #expect(once.bytes == bytes && once.offsets == [nil, 100_000, 100_000])
        let twice = try fetch([.cut(after: 100_000), .part(off: -10), .part(off: 10)])
        #expect(twice.bytes == bytes && twice.offsets == [nil, 100_000, 100_000, nil])
    }

    @Test func lengthsThatAreNotTheFilesAreNotBelieved() throws {
        for off in [-1_000, 1_000] {
            let outcome = try fetch([.length(off: off)])
            #expect(outcome.bytes == bytes && outcome.offsets == [nil, nil], "\(off)")
            // Where the manifest knows the digest alone, it is the digest that tells.
            let digest = try fetch([.length(off: off)]) { $0.knowsSize = false }
            #expect(digest.bytes == bytes, "\(off)")
        }
        let always = try fetch(Array(repeating: .length(off: -1_000), count: 9)) { $0.knowsDigest = false }
        #expect(
            always.line == "failed    set/a.bin: http://s/a.bin: the file has 199000 bytes there, expected "
                + "200000")
        #expect(always.bytes == nil && always.offsets.count == 5)
    }

    @Test func wrongBytesAreAskedForOnceMoreAndNotKept() throws {
        #expect(try fetch([.wrongBytes]).bytes == bytes)
        let always = try fetch(Array(repeating: .wrongBytes, count: 9))
        #expect(always.line.hasPrefix("failed    set/a.bin: set/a.bin: SHA-256 is "))
        #expect(always.bytes == nil && always.offsets == [nil, nil])
    }

    @Test func redirectsEndAndLeadToServersOnly() throws {
        try withTemporaryFolder { folder in
            try withServer(["a.bin": bytes, "b": [], "c": []]) { request in
                switch request.path {
                case "b": .redirect(to: "/b")
                case "c": .redirect(to: "file:///etc/passwd")
                case "d": .redirect(to: "/a.bin")
                default: .honest
                }
            } _: { server in
                server.put("d", [])
                let world = FetchWorld(folder: folder, server: server)
                let files = ["b", "c", "d"].map { world.file($0, nil) }
                let lines = try world.fetch(world.manifest(files))
                #expect(lines[0] == "failed    set/b: http://s/b: Maximum (8) redirects followed")
                #expect(lines[1].hasPrefix("failed    set/c: http://s/c: Protocol \"file\" not supported"))
                #expect(world.bytes("d") == bytes)
                #expect(server.requests.count { $0.path == "b" } == 5 * 9)
            }
        }
    }

    @Test func whatIsMissingIsAskedForOnceAndWhatIsBusyAgain() throws {
        #expect(try fetch([.status(503), .status(500), .status(429)]).bytes == bytes)
        for (status, text) in [
            (404, "the server has no such file; look at the manifest's source page, or give a --mirror"),
            (403, "the server gives it only to those who log in (403): fetch it by hand"),
        ] {
            let outcome = try fetch([.status(status)])
            #expect(outcome.line == "failed    set/a.bin: http://s/a.bin: \(text)")
            #expect(outcome.offsets.count == 1)
        }
        #expect(
            try fetch(Array(repeating: .status(503), count: 9)).line
                == "failed    set/a.bin: http://s/a.bin: the server answers 503; try again later")
        #expect(try fetch([.status(404)]) { $0.isOptional = true }.line == "missing   set/a.bin (optional)")
    }

    @Test func silenceEndsAndWhatCameIsKept() throws {
        let outcome = try fetch([.stall(after: 70_000)])
        #expect(outcome.bytes == bytes && outcome.offsets == [nil, 70_000])
    }

    @Test func aBodyWithoutAnEndIsCutAtTheBound() throws {
        let known = try fetch(Array(repeating: .endless, count: 9))
        #expect(
            known.line
                == "failed    set/a.bin: http://s/a.bin: the server sends more than the 200000 bytes of the "
                + "file")
        let bound = try fetch([.endless]) {
            ($0.knowsSize, $0.mostBytes) = (false, 250_000)
        }
        #expect(
            bound.line
                == "failed    set/a.bin: http://s/a.bin: the file has more than the 250000 bytes allowed here"
        )
        #expect(known.bytes == nil && bound.bytes == nil)
    }

    @Test func aBodyWhoseEndNobodyKnowsIsRefused() throws {
        let unknown = try fetch(Array(repeating: .noLength(isCutAfter: 100), count: 9)) { $0.known = nil }
        #expect(unknown.line.contains("a cut file could not be told from a whole one"))
        #expect(unknown.bytes == nil)
        let known = try fetch([.noLength(isCutAfter: 100), .noLength()])
        #expect(known.bytes == bytes)
    }

    @Test func aPageForPeopleIsNoFile() throws {
        let outcome = try fetch(Array(repeating: .page, count: 9)) { $0.known = nil }
        #expect(outcome.line.contains("answers with a page for people instead of the file"))
        #expect(outcome.bytes == nil)
    }

    /// The order of faults follows from the seed; which file meets which, from the threads.
    @Test func ofTwoHundredFaultsNothingWrongIsTakenAndNoByteComesTwiceThatNeedNot() throws {
        let files = Dictionary(
            uniqueKeysWithValues: (0..<40).map {
                ("f\($0)", someBytes(1_000 + 4_000 * $0, seed: UInt64($0 + 7)))
            })
        let left = Guarded((faults: 200, random: someBytes(4_000, seed: 19)[...]))
        @Sendable func fault(_ request: HostileServer.Request) -> HostileServer.Answer {
            left.withLock { left in
                guard left.faults > 0, let kind = left.random.popFirst(), let more = left.random.popFirst()
                else { return .honest }
                left.faults -= 1
                let size = (files[request.path]?.count ?? 0) - (request.offset ?? 0)
                let some = size * Int(more) / 256
                switch kind % 16 {
                case 0..<5: return .cut(after: some)
                case 5: return .nothing
                case 6: return .length(off: more % 2 == 0 ? 100 : -100)
                case 7: return .whole
                case 8: return .part(off: Int(more % 2) * 2 - 1)
                case 9: return .wrongBytes
                case 10: return .redirect(to: "/\(request.path)")
                case 11: return .status([500, 502, 503, 408, 429][Int(more) % 5])
                case 12: return .noLength(isCutAfter: some)
                case 13: return more < 16 ? .stall(after: some) : .cut(after: some)
                case 14: return .page
                default: return more < 32 ? .endless : .cut(after: some)
                }
            }
        }
        try withTemporaryFolder { folder in
            try withServer(files, answer: fault) { server in
                let world = FetchWorld(folder: folder, server: server)
                let manifest = try world.manifest(
                    files.keys.sorted().enumerated().map { index, name in
                        var file = world.file(name, files[name])
                        file.knowsSize = index % 2 == 0
                        file.mostBytes = 200_000
                        return file
                    })
                var settings = FetchWorld.settings
                settings.parallel = 8
                var runs = 0
                repeat {
                    runs += 1
                    let report = try world.fetcher(manifest, settings: settings)
                        .run(stop: { false }, event: { _ in })
                    for name in files.keys {
                        #expect(world.bytes(name).map { $0 == files[name] } ?? true, "\(name)")
                    }
                    if report.isComplete { break }
                } while runs < 50
                #expect(files.keys.allSatisfy { world.bytes($0) == files[$0] })
                #expect(left.withLock { $0.faults } == 0 && runs < 50)
                let total = files.values.reduce(0) { $0 + $1.count }
                print("200 faults, \(runs) runs: \(server.sent) bytes were sent for \(total)")
            }
        }
    }

    /// Faults that say nothing against what came: no byte is sent twice.
    @Test func afterCutsSilenceAndErrorsEveryFileGoesOnWhereItStopped() throws {
        let files = Dictionary(
            uniqueKeysWithValues: (0..<20).map { ("f\($0)", someBytes(100_000, seed: UInt64($0 + 1))) })
        let left = Guarded((faults: 100, random: someBytes(300, seed: 5)[...]))
        @Sendable func fault(_ request: HostileServer.Request) -> HostileServer.Answer {
            left.withLock { left in
                guard left.faults > 0, let kind = left.random.popFirst(), let more = left.random.popFirst()
                else { return .honest }
                left.faults -= 1
                switch kind % 4 {
                case 0: return .nothing
                case 1: return .status(503)
                default: return .cut(after: 1 + (99_999 - (request.offset ?? 0)) * Int(more) / 256)
                }
            }
        }
        try withTemporaryFolder { folder in
            try withServer(files, answer: fault) { server in
                let world = FetchWorld(folder: folder, server: server)
                let manifest = try world.manifest(files.keys.sorted().map { world.file($0, nil) })
                var runs = 0
                repeat {
                    runs += 1
                } while try runs < 50
                    && !world.fetcher(manifest).run(stop: { false }, event: { _ in }).isComplete
                #expect(files.keys.allSatisfy { world.bytes($0) == files[$0] })
                #expect(server.sent == files.count * 100_000)
            }
        }
    }
}
