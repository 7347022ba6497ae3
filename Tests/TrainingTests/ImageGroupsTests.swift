import AlignmentSupport
import Shards
import TestSupport
import Testing
import Training

@Suite struct ImageGroupsTests {
    /// Sample n is about picture n / 4; every tenth has none.
    private func picture(_ sample: Int) -> Int? { sample % 10 == 9 ? nil : sample / 4 }

    @Test(arguments: [1, 2, 3, 100]) func theOrderHasEverySampleOnceAndPicturesTogether(most: Int) {
        let shuffled = (0..<40).map { $0 * 7 % 40 }
        let order = ImageGroups.ordered(shuffled, most: most, picture: picture)
        #expect(order.sorted() == Array(0..<40))
        if most == 1 { #expect(order == shuffled) }
        let runs = ImageGroups.runs(order.map(picture), most: most)
        #expect(runs.flatMap { $0 } == Array(order.indices))
        for run in runs {
            #expect(run.count <= most)
            #expect(run.count == 1 || Set(run.map { picture(order[$0]) }).count == 1)
        }
        // All samples of a picture are one run, or full runs and a last one.
        for number in 0..<10 {
            let about = runs.filter { picture(order[$0[0]]) == number }
            #expect(about.dropLast().allSatisfy { $0.count == most })
        }
    }

    @Test func anEpochOfGroupsHasTheSamplesOfOneWithout() throws {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder)
            func epoch(_ groupImages: Int, seed: UInt64) throws -> [Int] {
                var stream = try SampleStream(
                    dataset, batchSize: dataset.count, epochs: 1, steps: nil, seed: seed,
                    groupImages: groupImages)
                return try stream.samples(ofStep: 0)
            }
            for seed in UInt64(0)..<5 {
                let (plain, grouped) = (try epoch(1, seed: seed), try epoch(4, seed: seed))
                #expect(plain.sorted() == grouped.sorted())
                let expected = try ImageGroups.ordered(plain, most: 4) { try dataset.picture(ofSample: $0) }
                #expect(grouped == expected)
            }
        }
    }

    @Test func theIndexKnowsThePictureOfEverySample() throws {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder)
            for number in 0..<dataset.count {
                let (shard, row) = dataset.location(of: number)
                let image = try dataset.shard(shard).image(ofSample: row)
                let found = try dataset.picture(ofSample: number)
                #expect((found == nil) == (image == nil))
                #expect(found.map { $0 & (1 << 40 - 1) - 1 } == image)
                #expect(try dataset.rows(ofSample: number) == dataset.sample(number).inputIDs.count)
            }
        }
    }
}
