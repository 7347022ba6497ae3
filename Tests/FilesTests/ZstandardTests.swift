import Files
import Foundation
import TestSupport
import Testing

@Suite struct ZstandardTests {
    private let text = (0..<50_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) }

    @Test(arguments: [0, 1, 131_072, 131_073, 1_000_000])
    func whatIsCompressedComesBack(count: Int) throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 / 7) }
        #expect(try Zstandard.decompress(Zstandard.compress(bytes), name: "x") == bytes)
    }

    @Test func severalFramesAreOneContent() throws {
        let frames = try Zstandard.compress([1, 2, 3]) + Zstandard.compress([]) + Zstandard.compress(text)
        #expect(try Zstandard.decompress(frames, name: "x") == [1, 2, 3] + text)
    }

    @Test func everyTruncationIsAnError() throws {
        let frame = try Zstandard.compress(Array(text[..<300]))
        for count in 0..<frame.count {
            #expect(throws: FilesError.self, "cut to \(count)") {
                try Zstandard.decompress(Array(frame[..<count]), name: "cut")
            }
        }
    }

    @Test func everyFlippedByteIsAnErrorOrHarmless() throws {
        let bytes = Array(text[..<300])
        let frame = try Zstandard.compress(bytes)
        var refused = 0
        for i in frame.indices {
            var bad = frame
            bad[i] ^= 0x55
            // The checksum stands at the end, so nothing but the right content may come out.
            if let result = try? Zstandard.decompress(bad, name: "bad", limit: 1 << 20) {
                #expect(result == bytes)
            } else {
                refused += 1
            }
        }
        #expect(refused > frame.count * 9 / 10)
    }

    @Test func errorsNameTheFileAndTheOffset() throws {
        let frame = try Zstandard.compress(text)
        #expect { try Zstandard.decompress(frame + [1, 2, 3, 4, 5], name: "a.zst") } throws: {
            guard case .corrupt("a.zst", let offset?, let problem) = $0 as? FilesError else { return false }
            return offset >= frame.count && problem.contains("corrupt zstd data")
        }
        #expect(
            thrownText { _ = try Zstandard.decompress([], name: "a.zst") } == "a.zst at byte 0: empty, "
                + "where a zstd frame should start; make or fetch the file again")
    }

    @Test func aSmallFileCannotFillTheMemory() throws {
        let bomb = try Zstandard.compress([UInt8](repeating: 0, count: 10_000_000))
        #expect(throws: FilesError.tooLarge(path: "bomb", item: "the decompressed content", limit: 1_000_000))
        {
            try Zstandard.decompress(bomb, name: "bomb", limit: 1_000_000)
        }
        // Magic, descriptor "8-byte content size, single segment", 2^56 bytes claimed: refused or truncated,
        // never allocated.
        #expect(throws: FilesError.self) {
            try Zstandard.decompress([0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 0, 0, 1], name: "claim")
        }
    }
}
