import AlignmentSupport
import Foundation
import Shards
import TestSupport
import Testing
import Training

@Suite struct SampleStreamTests {
    @Test func aLargerShareContainsASmallerOne() {
        let (small, large) = (
            SampleStream.subset(of: 1000, fraction: 0.251), SampleStream.subset(of: 1000, fraction: 0.5)
        )
        #expect(small.count { $0 } == 251 && large.count { $0 } == 500)
        #expect(zip(small, large).allSatisfy { !$0 || $1 })
        #expect(SampleStream.subset(of: 1000, fraction: 1).allSatisfy { $0 })
        #expect(SampleStream.subset(of: 3, fraction: 0.01).count { $0 } == 1)
        // Not the first half of the file.
        #expect(abs(large[..<500].count { $0 } - 250) < 50)
    }

    @Test func allSeedsReadTheSameShareInOrdersOfTheirOwn() throws {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder)  // 12 samples
            func epochs(_ seed: UInt64) throws -> [[Int]] {
                var stream = try SampleStream(
                    dataset, batchSize: 5, epochs: 2, steps: nil, seed: seed, fraction: 0.4)
                #expect(stream.steps == 2)  // 5 of 12 samples, twice
                return try (0..<stream.steps).map { try stream.samples(ofStep: $0) }
            }
            let (one, two) = (try epochs(1), try epochs(2))
            for epoch in one + two { #expect(Set(epoch) == Set(one[0]) && epoch.count == 5) }
            #expect(one != two)
        }
    }
}
