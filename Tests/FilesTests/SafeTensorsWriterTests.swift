import Files
import Foundation
import TestSupport
import Testing

@Suite struct SafeTensorsWriterTests {
    private func example() -> SafeTensorsWriter {
        var writer = SafeTensorsWriter(metadata: ["note": "a \"quoted\"\n\u{1} line é", "format": "1"])
        writer.add("mask", [UInt8](arrayLiteral: 1, 0, 1))
        writer.add("x/é\"", [Float](arrayLiteral: 1, -0.5, .infinity, 3, 4, 5), shape: [2, 3])
        writer.add("ids", [Int32](arrayLiteral: -100, 7))
        writer.add("offsets", [UInt64](arrayLiteral: 0, 2))
        writer.add("empty", [Float](), shape: [0, 4])
        writer.add("half", [Float](arrayLiteral: 1, 65504, 1e-7), as: .float16)
        writer.add("brain", [Float](arrayLiteral: 1, .nan, 1.00390625), as: .bfloat16)
        return writer
    }

    private func check(_ read: SafeTensorsFile) throws {
        #expect(read.metadata == ["note": "a \"quoted\"\n\u{1} line é", "format": "1"])
        #expect(try read.floats("x/é\"") == [1, -0.5, .infinity, 3, 4, 5])
        #expect(try read.entry("x/é\"").shape == [2, 3])
        #expect(try read.int32s("ids") == [-100, 7])
        #expect(try read.integers("offsets") == [0, 2])
        #expect(try read.bytes("mask") == [1, 0, 1])
        #expect(try read.floats("empty") == [])
        #expect(try read.entry("empty").shape == [0, 4])
        // 1e-7 is 1.68 subnormal steps of 2^-24: it becomes two of them.
        #expect(try read.floats("half") == [1, 65504, 1.1920929e-07])
        let brain = try read.floats("brain")
        #expect(brain[0] == 1 && brain[1].isNaN && brain[2] == 1)  // 1 + 2^-8 is a tie, and goes to even
    }

    @Test func whatIsWrittenIsRead() throws {
        try withTemporaryFolder { folder in
            for compression in [SafeTensorsWriter.Compression.none, .zstandard(level: 3)] {
                let url = folder.appendingPathComponent("deep/er/x.safetensors")
                let bytes = try example().write(to: url, compression: compression)
                #expect(try Data(contentsOf: url).count == bytes)
                try check(SafeTensorsFile(url))
                try check(
                    SafeTensorsFile(bytes: example().serialized(compression: compression), name: "memory"))
            }
        }
    }

    @Test func everyTensorIsAlignedToItsElements() throws {
        let bytes = try example().serialized()
        let read = try SafeTensorsFile(bytes: bytes, name: "x")
        for entry in read.entries { #expect(entry.byteRange.lowerBound % entry.dtype.byteCount == 0) }
        #expect((8 + bytes.withUnsafeBytes { Int($0.loadUnaligned(as: UInt64.self)) }) % 8 == 0)
        #expect(read.names == ["offsets", "x/é\"", "ids", "empty", "half", "brain", "mask"])
    }

    @Test func providersAreStreamedAndChecked() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("m.safetensors")
            var writer = SafeTensorsWriter()
            writer.add("big", .float32, shape: [1 << 20]) { sink in
                let piece = [Float](repeating: 2, count: 1 << 18)
                for _ in 0..<4 {
                    try piece.withUnsafeBufferPointer {
                        try SafeTensorsWriter.write($0, as: .float32, to: sink)
                    }
                }
            }
            try writer.write(to: url)
            #expect(try SafeTensorsFile(url).floats("big").allSatisfy { $0 == 2 })

            for given in [3, 5] {
                for compression in [SafeTensorsWriter.Compression.none, .zstandard(level: 1)] {
                    var wrong = SafeTensorsWriter()
                    wrong.add("t", .uint8, shape: [4], bytes: [UInt8](repeating: 0, count: given))
                    let text = thrownText(in: folder) { try wrong.write(to: url, compression: compression) }
                    #expect(text == "…/m.safetensors: tensor 't' [4] takes 4 bytes and was given \(given)")
                }
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["m.safetensors"])
        }
    }

    @Test func twoTensorsOfOneNameAreRefused() {
        var writer = SafeTensorsWriter()
        writer.add("a", [Float(1)])
        writer.add("a", [Float(2)])
        #expect(
            thrownText { _ = try writer.serialized() } == "safetensors in memory: two tensors are "
                + "called 'a'")
    }

    @Test func aFullDiskIsAnErrorThatNamesThePath() {
        var writer = SafeTensorsWriter()
        writer.add("a", [Float](repeating: 1, count: 1000))
        #expect(throws: FilesError.system(path: "/dev/full", operation: "write it", code: ENOSPC)) {
            try writer.write(to: URL(fileURLWithPath: "/dev/full"))
        }
    }
}
