import Files
import Foundation
import TeacherStore
import TestSupport
import Testing

@Suite struct ClaimsTests {
    private func withCache(_ body: (Store, _ claims: URL) throws -> Void) throws {
        try withTemporaryFolder { try body(Store($0), $0.appendingPathComponent("claims")) }
    }

    private func files(_ folder: URL) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
    }

    /// The claim a process leaves that is not there any more.
    private func abandon(_ key: String, in claims: URL, _ change: (inout [String: Any]) -> Void = { _ in })
        throws
    {
        let path = claims.appendingPathComponent("\(key).0")
        var owner = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: path)) as? [String: Any])
        owner["start"] = 1  // the process id belongs to another process now
        change(&owner)
        try JSONSerialization.data(withJSONObject: owner).write(to: path)
    }

    @Test func aClaimIsHeldUntilItIsReleased() throws {
        try withCache { cache, folder in
            let (one, two) = (Claims(cache), Claims(cache))
            let claim = try #require(try one.take("k"))
            #expect(try two.take("k") == nil && one.take("k") == nil)
            #expect(try two.take("other") != nil)
            claim.release()
            #expect(try two.take("k") != nil)
            #expect(files(folder) == ["k.0", "other.0"])
        }
    }

    @Test func theClaimOfADeadProcessIsTakenOverOnceAndLeavesNothing() throws {
        try withCache { cache, folder in
            _ = try Claims(cache).take("k")
            try abandon("k", in: folder)
            let (one, two) = (Claims(cache), Claims(cache))
            let taken = try one.take("k")
            #expect(try taken != nil && two.take("k") == nil)
            taken?.release()
            #expect(files(folder).isEmpty)
        }
    }

    @Test func aKilledProcessCountsAsDeadEvenWhileNobodyHasCollectedIt() throws {
        try withCache { cache, folder in
            _ = try Claims(cache).take("k")
            let child = Process()
            child.executableURL = URL(fileURLWithPath: "/bin/sleep")
            child.arguments = ["60"]
            try child.run()
            let stat = try String(contentsOfFile: "/proc/\(child.processIdentifier)/stat", encoding: .utf8)
            let start = try #require(Int(stat.split(separator: ")")[1].split(separator: " ")[19]))
            try abandon("k", in: folder) { ($0["pid"], $0["start"]) = (Int(child.processIdentifier), start) }
            #expect(try Claims(cache).take("k") == nil)
            kill(child.processIdentifier, SIGKILL)
            child.waitUntilExit()
            #expect(try Claims(cache).take("k") != nil)
        }
    }

    @Test func anotherHostsClaimExpiresWithItsHeartbeatOnly() throws {
        try withCache { cache, folder in
            _ = try Claims(cache).take("k")
            try abandon("k", in: folder) { ($0["boot"], $0["host"]) = ("elsewhere", "elsewhere") }
            let path = folder.appendingPathComponent("k.0").path
            let claims = Claims(cache, expiry: 0.3)
            for beat in 0..<4 {  // its clock may be years off
                utimes(
                    path,
                    [timeval(tv_sec: 1000 + beat, tv_usec: 0), timeval(tv_sec: 1000 + beat, tv_usec: 0)])
                #expect(try claims.take("k") == nil)
                Thread.sleep(forTimeInterval: 0.2)
            }
            Thread.sleep(forTimeInterval: 0.4)
            #expect(try claims.take("k") != nil)
        }
    }

    @Test func aClaimCutShortByAKillExpiresToo() throws {
        try withCache { cache, folder in
            try AtomicOutput.makeFolder(folder)
            try Data().write(to: folder.appendingPathComponent("k.0"))
            let claims = Claims(cache, expiry: 0.1)
            #expect(try claims.take("k") == nil)
            Thread.sleep(forTimeInterval: 0.2)
            #expect(try claims.take("k") != nil)
        }
    }

    @Test func whatACrashLeavesAfterItsEntryIsSweptAndNothingThatLives() throws {
        try withCache { cache, folder in
            let claims = Claims(cache)
            for key in ["dead", "live", "again"] { _ = try claims.take(key) }
            try abandon("dead", in: folder)
            try abandon("again", in: folder)
            let taken = try Claims(cache).take("again")  // its second generation
            let counts = (
                try claims.sweep(remove: false), try claims.sweep(remove: true) { $0 != "dead" },
                try claims.sweep(remove: true)
            )
            #expect(counts == (1, 0, 1) && taken != nil)
            #expect(files(folder) == ["again.0", "again.1", "live.0"])
        }
    }

    @Test func anOwnerAtWorkKeepsItsHeartbeatGoing() throws {
        try withCache { cache, folder in
            let claim = try #require(try Claims(cache, expiry: 0.25).take("k"))
            func modified() throws -> Date? {
                try FileManager.default.attributesOfItem(atPath: folder.appendingPathComponent("k.0").path)[
                    .modificationDate] as? Date
            }
            let before = try modified()
            Thread.sleep(forTimeInterval: 0.3)
            #expect(try modified() != before)
            claim.release()
        }
    }
}
