import Foundation
import Processors
import TestSupport
import Testing

/// What control groups leave a process, from folders like those of the system.
@Suite struct ProcessorGroupTests {
    private func processors(_ groups: String, _ files: [String: String]) throws -> Int? {
        try withTemporaryFolder { root in
            for (path, text) in files {
                let file = root.appendingPathComponent(path)
                try FileManager.default.createDirectory(
                    at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(text.utf8).write(to: file)
            }
            return ProcessorGroup(groups: groups, mounted: root).processors
        }
    }

    @Test func theLeastOfAGroupAndThoseAboveCounts() throws {
        let files = [
            "cpu.max": "max 100000\n", "jobs/cpu.max": "350000 100000\n",
            "jobs/one/cpu.max": "800000 100000\n",
        ]
        #expect(try processors("0::/jobs/one\n", files) == 4)
        #expect(try processors("0::/other\n", files) == nil)
        #expect(try processors("0::/jobs\n", ["jobs/cpu.max": "20000 100000\n"]) == 1)
    }

    @Test func aSetOfProcessorsCountsLikeTime() throws {
        let files = [
            "jobs/cpuset.cpus.effective": "0-3,8,10-11\n", "jobs/one/cpu.max": "550000 100000\n",
            "cpuset/job/cpuset.effective_cpus": "5\n",
        ]
        #expect(try processors("0::/jobs\n", files) == 7)
        #expect(try processors("0::/jobs/one\n", files) == 6)
        #expect(try processors("3:cpuset:/job\n", files) == 1)
        for text in ["", "a", "3-1", "1-2-3", "1,,2", "-1", "70000"] {
            #expect(try processors("0::/\n", ["cpuset.cpus.effective": text]) == nil, "\(text)")
        }
    }

    /// Where both versions are mounted, 2 is below `unified`; in a container a path may be the host's.
    @Test func bothVersionsAreRead() throws {
        let one = ["cpu.cfs_quota_us": "200000\n", "cpu.cfs_period_us": "100000\n"]
        let files = Dictionary(uniqueKeysWithValues: one.map { ("cpu,cpuacct/\($0.key)", $0.value) })
        #expect(try processors("4:cpu,cpuacct:/docker/0a1b\n0::/\n", files) == 2)
        #expect(try processors("4:memory:/docker/0a1b\n", files) == nil)
        #expect(try processors("0::/x\n", ["unified/x/cpu.max": "150000 100000\n"]) == 2)
        let none = ["cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"]
        #expect(try processors("1:cpu:/\n", none) == nil)
    }

    @Test(arguments: ["", "abc", "0::", "0::/\n::\n", "1:cpu:/../..\n"])
    func otherTextSaysNothing(groups: String) throws {
        #expect(try processors(groups, ["cpu.max": "many few", "cpu/cpu.cfs_quota_us": "1"]) == nil)
    }
}
