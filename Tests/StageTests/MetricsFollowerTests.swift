import Foundation
import Stage
import TestSupport
import Testing

@Suite struct MetricsFollowerTests {
    private func line(_ step: Int, _ loss: Double) -> String {
        #"{"step":\#(step),"total_steps":10,"loss":\#(loss),"terms":{"sft":\#(loss),"iva":0,"kd":0.5,"tpa":0},"seconds":{"data":0.5,"student":1.5},"tokens_per_second":100}"#
            + "\n"
    }

    private func append(_ text: String, to url: URL) throws {
        let handle = try FileHandle(forWritingTo: url)
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(text.utf8))
        try handle.close()
    }

    @Test func whatIsAppendedIsReadOnceAndALineOnlyWhenItIsWhole() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("metrics.jsonl")
            try Data((line(0, 4) + line(1, 2)).utf8).write(to: url)
            var follower = MetricsFollower(url)
            #expect(try follower.update())
            #expect(follower.losses == [4, 2] && follower.step == 1 && follower.totalSteps == 10)
            #expect(try !follower.update())
            let third = line(2, 1)
            try append(String(third.prefix(20)), to: url)
            try follower.update()
            #expect(follower.step == 1)
            try append(String(third.dropFirst(20)), to: url)
            try follower.update()
            #expect(follower.losses == [4, 2, 1])
            // Two seconds a step, seven steps left.
            #expect(follower.secondsLeft == 14)
        }
    }

    @Test func aFileMadeAnewIsReadFromItsStart() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("metrics.jsonl")
            try Data((line(0, 4) + line(1, 2)).utf8).write(to: url)
            var follower = MetricsFollower(url)
            try follower.update()
            try Data(line(0, 3).utf8).write(to: url)
            try follower.update()
            #expect(follower.losses == [3])
        }
    }

    @Test func theLinesSayHowFarItIsAndFitTheTerminal() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("metrics.jsonl")
            try Data((line(0, 4) + line(1, 2)).utf8).write(to: url)
            var follower = MetricsFollower(url)
            #expect(follower.lines("sft", width: 80) == ["sft: no step yet"])
            try follower.update()
            #expect(
                follower.lines("sft", width: 80) == [
                    "sft: step 2 of 10, 20%, 0.50 steps/s, 100 tokens/s, 16 s left",
                    "  loss 3.000  sft 3.000  kd 0.500", "  █▁",
                ])
            #expect(follower.lines("sft", width: 12).allSatisfy { $0.count <= 12 })
        }
    }

    @Test func theRunThatChangedLastIsFollowed() throws {
        try withTemporaryFolder { folder in
            #expect(try MetricsFollower.newest(below: folder) == nil)
            for (index, name) in ["old", "a/new", "other"].enumerated() {
                let place = folder.appendingPathComponent(name)
                try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
                let url = place.appendingPathComponent("metrics.jsonl")
                try Data(line(0, 1).utf8).write(to: url)
                let times = [1_000.0, 3_000, 2_000]
                try FileManager.default.setAttributes(
                    [.modificationDate: Date(timeIntervalSince1970: times[index])], ofItemAtPath: url.path)
            }
            let newest = try #require(try MetricsFollower.newest(below: folder))
            #expect(MetricsFollower.name(of: newest, below: folder) == "a/new")
        }
    }
}
