import Foundation
import Shards
import TestSupport
import Testing

/// What a plan says of a packing, and what the packing then does.
@Suite struct PackingPlanTests {
    @Test(arguments: [false, true]) func whatItSaysIsWhatThePackingThenTakes(archive: Bool) throws {
        try withTemporaryFolder { folder in
            let data = try SmallData(in: folder, samples: 60)
            let images = try archive ? data.tar("a.tar", order: data.names) : data.imageFolder
            let packing = try data.packing(images: images)
            let scratch = folder.appendingPathComponent("scratch")
            try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
            let plan = try packing.planned(pictures: 8, in: scratch)
            #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path).isEmpty)

            let out = folder.appendingPathComponent("out")
            let index = try packing.run(into: out)
            let totals = index.totals
            #expect(plan.records == 60 && plan.samples == totals.samples && plan.skipped == totals.skipped)
            #expect(plan.tokens == totals.tokens && plan.supervisedTokens == totals.supervisedTokens)
            #expect(plan.shards == index.shards.count && plan.pictures == totals.images)
            #expect(plan.storedPictures == index.shards.reduce(0) { $0 + $1.images })
            // A header differs by the digits of some numbers.
            #expect(abs(plan.rawBytes - totals.rawBytes) <= 64 * plan.shards)
            let largest = index.shards.map(\.rawBytes).max() ?? 0
            #expect(plan.shardBytes >= largest && plan.shardBytes <= largest * packing.threads + 256)
            let files = try FileManager.default.contentsOfDirectory(atPath: out.path).filter {
                $0.hasSuffix(".zst")
            }
            let stored = try files.reduce(0) {
                $0 + (try Data(contentsOf: out.appendingPathComponent($1)).count)
            }
            #expect(stored == totals.compressedBytes)
            #expect(
                abs(plan.compressedBytes - stored) * 100 <= 15 * stored, "\(plan.compressedBytes), \(stored)")
            #expect(plan.measured == 8 && plan.preparingSeconds > 0)
        }
    }

    @Test func whatWouldStopThePackingStopsThePlan() throws {
        try withTemporaryFolder { folder in
            let data = try SmallData(in: folder)
            var packing = try data.packing()
            packing.images = folder.appendingPathComponent("elsewhere")
            try FileManager.default.createDirectory(
                at: folder.appendingPathComponent("elsewhere"), withIntermediateDirectories: true)
            #expect(throws: ShardsError.self) { try packing.planned(in: folder) }
            #expect(throws: ShardsError.self) { try packing.run(into: folder.appendingPathComponent("out")) }
        }
    }

    @Test func onlyTheirPicturesAreSharedByProcesses() {
        var plan = PackingPlan()
        (plan.readingSeconds, plan.findingSeconds, plan.preparingSeconds, plan.writingSeconds) = (2, 3, 80, 5)
        #expect(plan.seconds == 90)
        #expect([1, 2, 8].map { plan.seconds(processes: $0) } == [90, 50, 20])
        (plan.compressedBytes, plan.waitingBytes) = (70, 200)
        #expect(plan.diskBytes == 270)
    }
}
