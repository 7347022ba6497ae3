import Fetching
import Files
import Foundation
import Records
import TestSupport
import Testing

/// What comes, what stays, and what a second run does.
@Suite struct FetcherTests {
    private let bytes = someBytes(300_000)

    /// A world of one file `a.bin` whose answers follow a script.
    private func world(
        _ answers: [HostileServer.Answer] = [], _ body: (FetchWorld) throws -> Void
    ) throws {
        let script = Script(answers)
        try withTemporaryFolder { folder in
            try withServer(["a.bin": bytes], answer: { script.next($0) }) {
                try body(FetchWorld(folder: folder, server: $0))
            }
        }
    }

    @Test func filesComeWholeAndASecondRunAsksForNothing() throws {
        try world { world in
            world.server.put("sub/b.bin", [1, 2])
            let manifest = try world.manifest([world.file("a.bin", bytes), world.file("sub/b.bin", nil)])
            #expect(
                try world.fetch(manifest) == [
                    "fetched   set/a.bin, 300000 bytes", "fetched   set/sub/b.bin, 2 bytes",
                ])
            #expect(world.bytes("a.bin") == bytes && world.bytes("sub/b.bin") == [1, 2])
            let lock = try DataLock(world.data.appendingPathComponent("fetch.lock"))
            #expect(lock.entries["sub/b.bin"] == .init(bytes: 2, sha256: Digest.sha256([1, 2])))
            #expect(
                try world.fetch(manifest) == [
                    "there     set/a.bin, 300000 bytes", "there     set/sub/b.bin, 2 bytes",
                ])
            #expect(world.server.requests.count == 2)
            #expect(try FolderListing.files(below: world.data) == ["a.bin", "fetch.lock", "sub/b.bin"])
        }
    }

    @Test func aCutConnectionGoesOnWhereItStopped() throws {
        try world([.cut(after: 100_000), .cut(after: 50_000), .nothing]) { world in
            try world.fetch(world.manifest([world.file("a.bin", bytes)]))
            #expect(world.bytes("a.bin") == bytes)
            #expect(world.server.requests.map(\.offset) == [nil, 100_000, 150_000, 150_000])
            #expect(world.server.requests.map(\.ifRange) == [nil, "\"1\"", "\"1\"", "\"1\""])
            #expect(world.server.sent == bytes.count)
        }
    }

    @Test func anInterruptedRunGoesOnInTheNext() throws {
        try world([.stall(after: 120_000)]) { world in
            let manifest = try world.manifest([world.file("a.bin", bytes)])
            let received = Guarded(0)
            let fetcher = try world.fetcher(manifest)
            #expect(throws: FetchError.interrupted) {
                try fetcher.run(stop: { received.withLock { $0 >= 120_000 } }) { event in
                    if case .received(let count) = event { received.withLock { $0 += count } }
                }
            }
            #expect(world.bytes("a.bin") == nil)
            try world.fetch(manifest)
            #expect(world.bytes("a.bin") == bytes && world.server.sent == bytes.count)
        }
    }

    @Test func aFileThatChangedBetweenTwoRequestsBeginsAgain() throws {
        try world([.cut(after: 100_000)]) { world in
            let other = someBytes(310_000, seed: 2)
            let once = Guarded(false)
            let fetcher = try world.fetcher(world.manifest([world.file("a.bin", nil)]))
            _ = try fetcher.run(stop: { false }) { event in
                guard case .failed = event, !once.withLock({ $0 }) else { return }
                once.withLock { $0 = true }
                world.server.put("a.bin", other, tag: "\"2\"")
            }
            #expect(world.bytes("a.bin") == other)
            #expect(world.server.requests.map(\.ifRange) == [nil, "\"1\""])
        }
    }

    /// The same when the server does not know what If-Range asks.
    @Test func aPartOfAnotherVersionIsNotTaken() throws {
        try world([.cut(after: 100_000), .partOfWhateverIsThere]) { world in
            let other = someBytes(300_000, seed: 2)
            let fetcher = try world.fetcher(world.manifest([world.file("a.bin", nil)]))
            _ = try fetcher.run(stop: { false }) { event in
                if case .failed = event { world.server.put("a.bin", other, tag: "\"2\"") }
            }
            #expect(world.bytes("a.bin") == other)
            #expect(world.server.requests.map(\.offset) == [nil, 100_000, nil])
        }
    }

    @Test func whatIsUnknownIsLockedWhenItFirstCame() throws {
        try world { world in
            let manifest = try world.manifest([world.file("a.bin", nil)])
            try world.fetch(manifest)
            let file = world.data.appendingPathComponent("a.bin")
            try FileManager.default.removeItem(at: file)
            world.server.put("a.bin", someBytes(300_000, seed: 2), tag: "\"2\"")
            let line = try world.fetch(manifest)[0]
            #expect(
                line.hasPrefix("failed    set/a.bin: set/a.bin: SHA-256 is ")
                    && line.hasSuffix(
                        "of what http://s/a.bin gives; it was not kept. Another version of it is published, "
                            + "or something between changes it")
            )
            #expect(world.bytes("a.bin") == nil)
            // Deleting its entry accepts the new version.
            try FileManager.default.removeItem(at: world.data.appendingPathComponent("fetch.lock"))
            #expect(try world.fetch(manifest) == ["fetched   set/a.bin, 300000 bytes"])
        }
    }

    @Test func aFileThatChangedHereIsSaidAndStays() throws {
        try world { world in
            let manifest = try world.manifest([world.file("a.bin", nil)])
            try world.fetch(manifest)
            let file = world.data.appendingPathComponent("a.bin")
            try AtomicOutput.writeAtomically(someBytes(300_000, seed: 3), to: file)
            // Of the same size: a run trusts the lock, a check reads.
            #expect(try world.fetch(manifest) == ["there     set/a.bin, 300000 bytes"])
            let report = try world.fetcher(manifest).check()
            #expect(!report.isComplete)
            #expect(
                world.plain(report.lines[0]).contains("as recorded in …/out/set/fetch.lock when it first"))
            try AtomicOutput.writeAtomically([1], to: file)
            #expect(
                try world.fetch(manifest)[0].hasPrefix(
                    "failed    set/a.bin: …/out/set/a.bin: size is 1, expected 300000 as recorded in"))
            #expect(world.bytes("a.bin") == [1])
        }
    }

    @Test func filesPutThereByHandAreHeldToTheManifestAndRecorded() throws {
        try world { world in
            var known = world.file("known", [1, 2, 3])
            var unknown = world.file("unknown", nil)
            var absent = world.file("absent", nil)
            (known.url, unknown.url, absent.url) = (nil, nil, nil)
            absent.isOptional = true
            let manifest = try world.manifest([known, unknown, absent])
            #expect(
                try world.fetch(manifest) == [
                    "by hand   set/known", "by hand   set/unknown", "by hand   set/absent (optional)",
                ])
            try AtomicOutput.writeAtomically([1, 2, 3], to: world.data.appendingPathComponent("known"))
            try AtomicOutput.writeAtomically([9], to: world.data.appendingPathComponent("unknown"))
            let fetcher = try world.fetcher(manifest)
            #expect(fetcher.check().isComplete)
            let report = try fetcher.run(stop: { false }, event: { _ in })
            #expect(
                report.lines == [
                    "there     set/known, 3 bytes", "recorded  set/unknown, 1 bytes",
                    "by hand   set/absent (optional)",
                ])
            #expect(
                ManifestText.byHand(report, [manifest]) == [
                    "set, by hand: absent (optional)", "  - ask for it",
                ])
        }
    }

    @Test func onlySomeFilesAreAskedFor() throws {
        try world { world in
            let files = ["a.bin", "b.json", "sub/c.json"].map { world.file($0, nil) }
            for name in ["b.json", "sub/c.json"] { world.server.put(name, [1]) }
            let manifest = try world.manifest(files)
            #expect(try world.fetch(manifest, only: ["*.json"]).count == 2)
            #expect(try world.fetch(manifest, only: ["set/a*"]).count == 1)
            #expect(throws: FetchError.noMatch(patterns: ["x"])) {
                try world.fetch(manifest, only: ["x"])
            }
        }
    }

    @Test func aMirrorsFolderIsCopiedAndWhatItLacksIsNamed() throws {
        try world { world in
            let mirror = world.folder.appendingPathComponent("mirror")
            try AtomicOutput.writeAtomically(bytes, to: mirror.appendingPathComponent("set/sub/a.bin"))
            var byHand = world.file("hand", nil)
            byHand.url = nil
            let files = [
                FetchWorld.File(path: "sub/a.bin", known: bytes, url: "https://nowhere.invalid/a"),
                world.file("lacking", nil), byHand,
            ]
            #expect(
                try world.fetch(world.manifest(files), mirror: Mirror(mirror.path)) == [
                    "fetched   set/sub/a.bin, 300000 bytes",
                    "failed    set/lacking: …/mirror/set/lacking: the mirror has no such file",
                    "by hand   set/hand",
                ])
            #expect(world.bytes("sub/a.bin") == bytes && world.server.requests.isEmpty)
        }
    }

    @Test func aMirrorsServerHasFilesByManifestAndPath() throws {
        try world { world in
            world.server.put("mirror/set/sub%20d/a.bin", bytes)
            let file = FetchWorld.File(path: "sub d/a.bin", known: bytes, url: nil)
            let mirror = Mirror(world.server.url("mirror/"))
            try world.fetch(world.manifest([file]), mirror: mirror)
            #expect(world.bytes("sub d/a.bin") == bytes)
        }
    }

    @Test func nothingIsWrittenThroughLinks() throws {
        try world { world in
            let manifest = try world.manifest([world.file("sub/a.bin", bytes)])
            world.server.put("sub/a.bin", bytes)
            let elsewhere = world.folder.appendingPathComponent("elsewhere")
            try AtomicOutput.makeFolder(elsewhere)
            try AtomicOutput.makeFolder(world.data)
            try FileManager.default.createSymbolicLink(
                at: world.data.appendingPathComponent("sub"), withDestinationURL: elsewhere)
            #expect(
                try world.fetch(manifest) == [
                    "failed    set/sub/a.bin: …/out/set/sub: is a link, or no folder: move it away and run "
                        + "again"
                ])
            #expect(try FileManager.default.contentsOfDirectory(atPath: elsewhere.path).isEmpty)
        }
    }

    @Test func twoProcessesDoNotFetchIntoOneFolder() throws {
        try world { world in
            let manifest = try world.manifest([world.file("a.bin", bytes)])
            let first = try world.fetcher(manifest)
            let isRefused = Guarded(false)
            _ = try first.run(stop: { false }) { event in
                guard case .began = event else { return }
                let text = thrownText { try world.fetch(manifest) }
                isRefused.withLock { $0 = text.hasSuffix("another process is fetching into it: wait for it") }
            }
            #expect(isRefused.withLock { $0 })
        }
    }
}
