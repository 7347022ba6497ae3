import Files
import Testing

@Suite struct CRC32CTests {
    /// RFC 3720, appendix B.4, and the check value of the catalogue of CRCs ("123456789").
    @Test func checksumsAreThoseOfTheStandard() {
        #expect(CRC32C.checksum(Array("123456789".utf8)) == 0xE306_9283)
        #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(CRC32C.checksum([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
        #expect(CRC32C.checksum(UInt8(0)...31) == 0x46DD_794E)
        #expect(CRC32C.checksum((UInt8(0)...31).reversed()) == 0x113F_DB5C)
        #expect(CRC32C.checksum([]) == 0)
    }

    /// The length 24 of the first record of every event file: `18 00 00 00 00 00 00 00 a3 7f 4b 22`, as
    /// TensorFlow writes it.
    @Test func theMaskIsThatOfTFRecordFiles() {
        #expect(CRC32C.masked([24, 0, 0, 0, 0, 0, 0, 0]) == 0x224B_7FA3)
    }
}
