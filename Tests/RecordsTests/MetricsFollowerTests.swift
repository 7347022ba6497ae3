import Foundation
import Records
import TestSupport
import Testing

@Suite struct MetricsFollowerTests {
    /// A step that took two seconds, of ten.
    private func line(_ step: Int, _ loss: Double) throws -> String {
        var metrics = StepMetrics()
        (metrics.step, metrics.totalSteps, metrics.loss) = (step, 10, loss)
        (metrics.seconds.data, metrics.seconds.student) = (0.5, 1.5)
        return String(decoding: try RecordFormat.line(metrics), as: UTF8.self) + "\n"
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
            #expect(follower.steps.map(\.loss) == [4, 2] && follower.steps.last?.totalSteps == 10)
            #expect(try !follower.update())
            let third = try line(2, 1)
            try append(String(third.prefix(20)), to: url)
            try follower.update()
            #expect(follower.steps.last?.step == 1)
            try append(String(third.dropFirst(20)), to: url)
            try follower.update()
            #expect(follower.steps.map(\.loss) == [4, 2, 1])
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
            #expect(follower.steps.map(\.loss) == [3])
        }
    }

    @Test func anotherFileOfTheNameIsReadFromItsStartThoughItIsLonger() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("metrics.jsonl")
            try Data(line(0, 9).utf8).write(to: url)
            var follower = MetricsFollower(url)
            try follower.update()
            let other = folder.appendingPathComponent("other")
            try Data((line(0, 3) + line(1, 2)).utf8).write(to: other)
            #expect(rename(other.path, url.path) == 0)
            try follower.update()
            #expect(follower.steps.map(\.loss) == [3, 2])
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
            #expect(newest.path.hasSuffix("/a/new/metrics.jsonl"))
        }
    }
}
