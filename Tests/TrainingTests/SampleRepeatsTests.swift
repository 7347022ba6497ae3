import AlignmentSupport
import Files
import Foundation
import Records
import Shards
import TestSupport
import Testing
import Training

/// What stands more than once in the data of a training.
@Suite struct SampleRepeatsTests {
    /// A data set whose sources have these samples, each a conversation and a picture by their numbers.
    private func found(
        _ sources: [(name: String, samples: [(Int64, Int64)])],
        heldBack: [(name: String, samples: [(Int64, Int64)])] = []
    ) throws -> RepeatsFile {
        try withTemporaryFolder { folder in
            func dataset(_ sources: [(name: String, samples: [(Int64, Int64)])]) throws -> ShardDataset {
                try ShardDataset(
                    sources.map { name, samples in
                        let made = try tinyDataset(
                            in: folder.appendingPathComponent(name), samples: samples.count)
                        let shards = made.sources[0].folder
                        var writer = SafeTensorsWriter(
                            metadata: ["format": "align-ti-digests", "format_version": "1"])
                        writer.add("conversations", samples.map(\.0))
                        writer.add("pictures", samples.map(\.1))
                        try writer.write(to: shards.appendingPathComponent(SampleDigests.file))
                        return (name, shards)
                    })
            }
            return try SampleRepeats(
                dataset(sources), heldBack: heldBack.isEmpty ? nil : dataset(heldBack)
            ).found()
        }
    }

    @Test func samplesAndPicturesAreCountedBySourceOverAndWithinThem() throws {
        // Conversation 7 about picture 70 stands twice in a and once in b; picture 70 is in c with other
        // words; conversation 8 is about another picture in b; 9 has no picture and is in a and c.
        let file = try found([
            ("a", [(7, 70), (7, 70), (8, 80), (9, 0)]), ("b", [(7, 70), (8, 81)]),
            ("c", [(5, 70), (9, 0), (6, 90)]),
        ])
        #expect(
            file.sources == [
                RepeatsFile.Source(
                    name: "a", isHeldBack: false, samples: 4, pictures: 2, repeated: 1, sharedSamples: 3,
                    sharedPictures: 1, samplesIn: [.init("b", 2), .init("c", 1)],
                    picturesIn: [.init("b", 1), .init("c", 1)]),
                RepeatsFile.Source(
                    name: "b", isHeldBack: false, samples: 2, pictures: 2, repeated: 0, sharedSamples: 1,
                    sharedPictures: 1, samplesIn: [.init("a", 1)],
                    picturesIn: [.init("a", 1), .init("c", 1)]),
                RepeatsFile.Source(
                    name: "c", isHeldBack: false, samples: 3, pictures: 2, repeated: 0, sharedSamples: 1,
                    sharedPictures: 1, samplesIn: [.init("a", 1)],
                    picturesIn: [.init("a", 1), .init("b", 1)]),
            ])
        #expect(
            file.notices.first
                == "repeats: a: 1 of 4 samples repeat earlier ones; "
                + "3 of 4 samples are also in others (b 2, c 1); "
                + "1 of 2 pictures are also in others (b 1, c 1)")
    }

    /// Only what is trained on counts for what is held back, and only that is a warning.
    @Test func whatIsHeldBackAndTrainedOnIsAWarning() throws {
        let file = try found(
            [("train", [(1, 10), (2, 20)])],
            heldBack: [("look", [(1, 10), (3, 20), (4, 40)]), ("far", [(4, 40)])])
        let (train, look, far) = (file.sources[0], file.sources[1], file.sources[2])
        #expect(!train.isHeldBack && !train.hasRepeats)
        #expect(look.isHeldBack && look.sharedSamples == 1 && look.sharedPictures == 2)
        #expect(far.isHeldBack && !far.hasRepeats)
        #expect(
            file.notices == [
                "warning: what is held back is trained on: look: "
                    + "1 of 3 samples are also in others (train 1); "
                    + "2 of 3 pictures are also in others (train 2)"
            ])
    }

    @Test func whatIsPackedAlikeIsFoundAndWhatHasNoDigestsIsSaid() throws {
        try withTemporaryFolder { folder in
            let folders = try [("many", 12), ("few", 7)].map { name, samples in
                (
                    name,
                    try tinyDataset(in: folder.appendingPathComponent(name), samples: samples).sources[0]
                        .folder
                )
            }
            // Every third sample has no picture, the others share four; the first seven are the same in both.
            let counts = try SampleRepeats(ShardDataset(folders)).found().sources
            #expect(counts.map(\.sharedSamples) == [7, 7] && counts.map(\.sharedPictures) == [4, 4])
            #expect(counts.map(\.repeated) == [0, 0] && counts.map(\.pictures) == [4, 4])
            try FileManager.default.removeItem(
                at: folders[1].1.appendingPathComponent(SampleDigests.file))
            let found = try SampleRepeats(ShardDataset(folders)).found()
            #expect(found.unknown == ["few"] && found.sources.map(\.name) == ["many"])
            #expect(found.notices.count == 1 && found.notices[0].contains("few, packed before"))
            let file = folder.appendingPathComponent(RepeatsFile.file)
            try found.write(into: folder)
            #expect(try RepeatsFile(file) == found)
        }
    }
}
