import Files
import GGUF
import Testing

@Suite struct GGUFTypeTests {
    private func blocks(_ values: [Float]) -> [UInt8] { values.withUnsafeBufferPointer(GGUFType.blocks) }

    /// The largest magnitude is 127, so the unit is 1 and every number is rounded, halves away from zero.
    @Test func aBlockIsAScaleAndWholeNumbers() {
        var values = [Float](repeating: 0, count: 32)
        values[0...5] = [-127, 0.5, -0.5, 1.49, 2.5, 126.4]
        let bytes = blocks(values)
        #expect(bytes.prefix(2) == [0x00, 0x3C])  // 1 in half precision
        #expect(
            bytes[2...7].map { Int8(bitPattern: $0) } == [-127, 1, -1, 1, 3, 126]
                && bytes[8...].allSatisfy { $0 == 0 } && bytes.count == 34)
    }

    /// 1 / 127 is 0x2008 in half precision (1.0078125 / 128 from below: 2^-7 * (1 + 8 / 1024)); the whole
    /// numbers come of the unit before it was rounded.
    @Test func theScaleIsRoundedAfterTheNumbers() {
        let bytes = blocks([1] + [Float](repeating: 0.25, count: 31))
        #expect(bytes.prefix(4) == [0x08, 0x20, 127, 32])  // 0.25 * 127 = 31.75
    }

    @Test func zerosAndTheSmallestNumbersHaveTheScaleZero() {
        #expect(blocks([Float](repeating: 0, count: 32)) == [UInt8](repeating: 0, count: 34))
        let tiny = blocks([Float](repeating: .leastNonzeroMagnitude, count: 32))
        #expect(tiny == [UInt8](repeating: 0, count: 34))
    }

    @Test func everyTypeWritesAsManyBytesAsItSays() throws {
        let values = (0..<192).map { Float($0) - 96 }
        for (type, count) in [(GGUFType.f32, 768), (.f16, 384), (.bf16, 384), (.q8, 204)] {
            let sink = MemorySink()
            try values.withUnsafeBufferPointer { try type.write($0, to: sink) }
            #expect(sink.bytes.count == count && type.byteCount(192) == count)
        }
    }
}
