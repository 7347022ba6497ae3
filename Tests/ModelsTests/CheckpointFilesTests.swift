import Files
import Foundation
import Models
import TestSupport
import Testing

/// One file of weights, and an index of shards beside it.
@Suite struct CheckpointFilesTests {
    private func save(_ model: LlavaModel, _ folder: URL, sharded: Bool) throws -> URL {
        try model.save(to: folder, shardBytes: sharded ? 60_000 : .max)
        return folder
    }

    /// Adds the files of another save, as a folder has them that was saved into twice.
    private func add(_ other: URL, to folder: URL) throws {
        for name in try FolderListing.files(below: other) where name.hasPrefix("model") {
            try FileManager.default.copyItem(
                at: other.appendingPathComponent(name), to: folder.appendingPathComponent(name))
        }
    }

    @Test func ofTwoSavesTheOneFileIsReadAndItIsSaid() throws {
        let golden = try #require(try Golden.all.first { $0.folder.lastPathComponent == "qwen3_siglip" })
        let (student, tuned) = (try golden.model("student"), try golden.model("student"))
        for parameter in tuned.parameters(of: [.projector]) { parameter.value.data.fill(0.5) }
        try withTemporaryFolder { folder in
            let single = try save(student, folder.appendingPathComponent("single"), sharded: false)
            try add(save(tuned, folder.appendingPathComponent("tuned"), sharded: true), to: single)
            let model = try LlavaModel(folder: single)
            #expect(CheckpointTests.values(model) == CheckpointTests.values(student))
            #expect(model.notices.count == 1)
            #expect(model.notices[0].contains("model.safetensors is read"), "\(model.notices)")

            // The same weights twice are no matter; an index whose shards are gone is one.
            let both = try save(student, folder.appendingPathComponent("both"), sharded: false)
            try add(save(student, folder.appendingPathComponent("shards"), sharded: true), to: both)
            #expect(try LlavaModel(folder: both).notices.isEmpty)
            for name in try FolderListing.files(below: both) where name.contains("-of-") {
                try FileManager.default.removeItem(at: both.appendingPathComponent(name))
            }
            #expect(try LlavaModel(folder: both).notices.count == 1)
        }
    }

    /// Some tools write an index for one file too.
    @Test func anIndexMayNameTheOneFile() throws {
        let student = try #require(try Golden.all.first).model("student")
        try withTemporaryFolder { folder in
            let single = try save(student, folder.appendingPathComponent("single"), sharded: false)
            let names = try SafeTensorsFile(single.appendingPathComponent("model.safetensors")).names
            let map = Dictionary(uniqueKeysWithValues: names.map { ($0, "model.safetensors") })
            try JSONSerialization.data(withJSONObject: ["weight_map": map]).write(
                to: single.appendingPathComponent("model.safetensors.index.json"))
            #expect(try LlavaModel(folder: single).notices.isEmpty)
        }
    }

    /// A stage writes into its folder again: nothing of the weights before is left to be read.
    @Test func savingAgainLeavesNoOtherWeights() throws {
        let student = try #require(try Golden.all.first).model("student")
        try withTemporaryFolder { folder in
            for shardBytes in [60_000, .max, 60_000, 90_000] {
                try student.write(into: folder, shardBytes: shardBytes)
                let weights = try FolderListing.files(below: folder).filter { $0.hasPrefix("model") }
                let isSingle = shardBytes == .max
                #expect(weights.contains("model.safetensors") == isSingle)
                #expect(weights.contains("model.safetensors.index.json") == !isSingle)
                let again = try LlavaModel(folder: folder)
                #expect(again.notices.isEmpty)
                #expect(CheckpointTests.values(again) == CheckpointTests.values(student))
            }
        }
    }
}
