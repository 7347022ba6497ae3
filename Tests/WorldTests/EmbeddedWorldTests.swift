import Files
import Foundation
import Images
import Settings
import TestSupport
import Testing
import World

@Suite struct EmbeddedWorldTests {
    static func digest(_ settings: WorldSettings, threads: Int) throws -> String {
        try withTemporaryFolder { folder in
            try EmbeddedWorld(settings).write(to: folder, threads: threads)
            return try Digest.sha256(ofFolder: folder)
        }
    }

    @Test func sameSeedSameBytesOnAnyNumberOfThreads() throws {
        let first = try Self.digest(.small(), threads: 1)
        #expect(try Self.digest(.small(), threads: 1) == first)
        #expect(try Self.digest(.small(), threads: 3) == first)
        #expect(try Self.digest(.small(seed: 8), threads: 1) != first)
    }

    @Test func everyImageOfTheConversationsIsInTheArchive() throws {
        try withTemporaryFolder { folder in
            let world = try EmbeddedWorld(.small())
            var parts: [String] = []
            let counts = try world.write(to: folder) { event in
                if case .wrote(let name) = event { parts.append(name) }
            }
            #expect(parts.count == 6 + 2)
            #expect(counts.first { $0.name == "images" }?.count == 520)
            #expect(counts.first { $0.name == "benchmarks/gqa" }?.count == 40)
            var sides = Set<Int>()
            var names: [String] = []
            try Archive.forEachMember(of: folder.appendingPathComponent("images.tar")) { path, bytes in
                let image = try decodeImage(try bytes(), name: path)
                #expect(image.width == image.height)
                sides.insert(image.width)
                names.append(path)
                return true
            }
            #expect(sides == [64, 80, 96, 128])
            #expect(names == world.sets.images.map(\.name))
            #expect(names.contains { $0.hasSuffix(".png") } && names.contains { $0.hasSuffix(".jpg") })
            let used = (world.sets.mixed + world.sets.student + world.sets.captions).compactMap(\.image)
            #expect(Set(used).isSubset(of: Set(names)))
        }
    }

    @Test func aSmallerWorldLeavesNothingOfALargerOne() throws {
        try withTemporaryFolder { folder in
            var smaller = WorldSettings.small()
            smaller.test.textvqa = 3
            try EmbeddedWorld(.small()).write(to: folder)
            try EmbeddedWorld(smaller).write(to: folder)
            let images = try FolderListing.files(below: folder).filter {
                $0.hasPrefix("benchmarks/textvqa/train_images/")
            }
            #expect(images.count == 3)
        }
    }

    @Test func stoppingLeavesNoArchive() throws {
        struct Stop: Error {}
        try withTemporaryFolder { folder in
            let world = try EmbeddedWorld(.small())
            #expect(throws: Stop.self) {
                try world.write(to: folder) { event in if case .images = event { throw Stop() } }
            }
            #expect(try FolderListing.files(below: folder).contains("images.tar") == false)
        }
    }

    @Test func badRecipesAreNamed() {
        var settings = WorldSettings.small()
        settings.vocabulary = 200
        #expect(throws: SettingProblem("vocabulary", "is 200, expected 300 to 1000")) {
            try EmbeddedWorld(settings)
        }
    }
}
