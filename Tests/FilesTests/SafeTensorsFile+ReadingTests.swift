import Files
import Foundation
import TestSupport
import Testing

@Suite struct SafeTensorsReadingTests {
    @Test func widensEveryHalfExactly() throws {
        let halves = (0...UInt16.max).map { $0 }
        var writer = SafeTensorsWriter()
        writer.add("f16", .float16, shape: [halves.count], bytes: halves.withUnsafeBytes { Array($0) })
        writer.add("bf16", .bfloat16, shape: [halves.count], bytes: halves.withUnsafeBytes { Array($0) })
        let read = try SafeTensorsFile(bytes: writer.serialized(), name: "halves")
        let (wide, brain) = (try read.floats("f16"), try read.floats("bf16"))
        for (i, bits) in halves.enumerated() {
            let expected = Float(Float16(bitPattern: bits))
            guard expected.isNaN ? wide[i].isNaN : wide[i].bitPattern == expected.bitPattern else {
                Issue.record("half \(bits): \(wide[i]), expected \(expected)")
                return
            }
            #expect(brain[i].bitPattern == UInt32(bits) << 16)
        }
    }

    @Test func readsDoublesAndUnalignedData() throws {
        var writer = SafeTensorsWriter()
        writer.add("d", .float64, shape: [2], bytes: [1.5, -2.25].withUnsafeBytes { Array($0) })
        writer.add("odd", [UInt8(7)])
        #expect(try SafeTensorsFile(bytes: writer.serialized(), name: "d").floats("d") == [1.5, -2.25])

        // A U8 tensor in front leaves the I32 one at an odd address; other writers make such files.
        let json =
            #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"I32","shape":[1],"#
            + #""data_offsets":[1,5]}}"#
        let bytes =
            withUnsafeBytes(of: UInt64(json.utf8.count)) { Array($0) } + Array(json.utf8) + [9, 1, 2, 0, 0]
        let read = try SafeTensorsFile(bytes: bytes, name: "u")
        #expect(try read.int32s("b") == [513])
        #expect(try read.integers("b") == [513])
    }

    @Test func integersThatDoNotFitAreRefused() throws {
        var writer = SafeTensorsWriter()
        writer.add("big", [UInt64.max])
        writer.add("wide", [Int64(1) << 40])
        writer.add("bools", .bool, shape: [2], bytes: [0, 1])
        let read = try SafeTensorsFile(bytes: writer.serialized(), name: "i")
        #expect(
            thrownText { _ = try read.integers("big") } == "i: tensor 'big' at byte 184 has a value "
                + "that does not fit 64 bits")
        #expect(
            thrownText { _ = try read.int32s("wide") } == "i: tensor 'wide' at byte 192 has a value "
                + "that does not fit 32 bits")
        #expect(try read.integers("wide") == [1 << 40])
        #expect(try read.integers("bools") == [0, 1])
    }

    @Test func wrongTypesAndSizesAreNamed() throws {
        var writer = SafeTensorsWriter()
        writer.add("f", [Float(1), 2])
        let read = try SafeTensorsFile(bytes: writer.serialized(), name: "t")
        #expect(
            thrownText { _ = try read.integers("f") } == "t: tensor 'f' at byte 64 is F32, expected an "
                + "integer type")
        var room: [Float] = [0, 0, 0]
        #expect(
            thrownText { try read.readFloats("f", into: &room, count: 3) } == "t: tensor 'f' is [2], 3 "
                + "values are needed")
    }
}
