import Foundation
import GGUF
import Tensors
import TestSupport
import Testing

@Suite struct GGUFWriterTests {
    @Test func whatIsWrittenReadsBack() throws {
        try withTemporaryFolder { folder in
            var writer = GGUFWriter()
            writer.set("general.architecture", .text("clip"))
            writer.set("a.flag", .flag(true))
            writer.set("a.number", .number(0.5))
            writer.set("a.list", .integers([-1, 7]))
            writer.set("a.texts", .texts(["é", ""]))
            writer.set("a.nothing", nil)
            let values = (0..<64).map { Float($0) }
            writer.add("odd", .f32, shape: [3]) { Tensor([1, 2, 3], shape: [3]) }
            writer.add("matrix", .q8, shape: [2, 32]) { Tensor(values, shape: [2, 32]) }
            writer.add("half", .f16, shape: [2, 2]) { Tensor([1, -2, 0.1, 65504], shape: [2, 2]) }
            let url = folder.appendingPathComponent("a.gguf")
            try writer.write(to: url)
            let file = try GGUFFile(url)
            #expect(
                file.metadata == [
                    "general.architecture": .text("clip"), "a.flag": .flag(true), "a.number": .number(0.5),
                    "a.list": .list([.number(-1), .number(7)]), "a.texts": .list([.text("é"), .text("")]),
                ])
            #expect(try file.floats("odd") == [1, 2, 3])
            #expect(file.tensors["matrix"]?.sizes == [32, 2] && file.tensors["matrix"]?.type == 8)
            #expect(try file.floats("half") == [1, -2, Float(Float16(0.1)), 65504])
            for (found, value) in zip(try file.floats("matrix"), values) {
                #expect(abs(found - value) <= 63 / 127.0 / 2 + 0.03)  // half a unit, and the unit's rounding
            }
        }
    }

    @Test func whatBFloat16CannotHoldIsRefusedByName() throws {
        try withTemporaryFolder { folder in
            let largest = Float(bitPattern: 0x7f7f_7fff)  // the last that is rounded down
            for (value, isRefused) in [(largest, false), (largest.nextUp, true), (3.4e38, true)] {
                var writer = GGUFWriter()
                writer.add("w", .bf16, shape: [2]) { Tensor([1, value], shape: [2]) }
                let url = folder.appendingPathComponent("b.gguf")
                guard isRefused else {
                    try writer.write(to: url)
                    continue
                }
                #expect(throws: GGUFError.outOfRange(tensor: "w", value: value, type: .bf16)) {
                    try writer.write(to: url)
                }
            }
        }
    }

    @Test func whatHalfPrecisionCannotHoldIsRefusedAndNothingIsLeft() throws {
        try withTemporaryFolder { folder in
            var writer = GGUFWriter()
            writer.add("w", .f16, shape: [2]) { Tensor([1, 70000], shape: [2]) }
            let url = folder.appendingPathComponent("a.gguf")
            #expect(throws: GGUFError.outOfRange(tensor: "w", value: 70000, type: .f16)) {
                try writer.write(to: url)
            }
            let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            #expect(left.isEmpty)
        }
    }

    /// Two heads of four rows: the halves of each are woven into each other.
    @Test func rowsOfAHeadArePaired() {
        let rows = Tensor((0..<16).map { Float($0 / 2) }, shape: [8, 2])
        let paired = StoredWeight.paired(rows, heads: 2)
        #expect(stride(from: 0, to: 16, by: 2).map { paired.values[$0] } == [0, 2, 1, 3, 4, 6, 5, 7])
    }
}
