import CZlib
import Files
import Testing

@Suite struct ZlibTests {
    private func deflated(_ bytes: [UInt8]) -> [UInt8] {
        var size = compressBound(UInt(bytes.count))
        var out = [UInt8](repeating: 0, count: Int(size))
        _ = compress(&out, &size, bytes, UInt(bytes.count))
        return Array(out.prefix(Int(size)))
    }

    @Test func whatWasDeflatedComesBackUpToTheLimit() {
        for bytes in [[], Array("hello".utf8), [UInt8](repeating: 7, count: 100_000)] {
            #expect(Zlib.inflated(deflated(bytes), most: bytes.count) == bytes)
            #expect(bytes.isEmpty || Zlib.inflated(deflated(bytes), most: bytes.count - 1) == nil)
        }
    }

    @Test func everyCutAndEveryOtherChecksumIsNothing() {
        let whole = deflated((0..<200).map { UInt8($0 * 7 % 256) })
        for keep in 0..<whole.count { #expect(Zlib.inflated(Array(whole.prefix(keep)), most: 1_000) == nil) }
        #expect(Zlib.inflated(whole.dropLast() + [whole[whole.count - 1] ^ 1], most: 1_000) == nil)
        #expect(Zlib.inflated(Array("no zlib data".utf8), most: 1_000) == nil)
    }
}
