import Files
import Foundation
import TestSupport
import Testing

@Suite struct SafeTensorsFileTests {
    /// A file by hand: length, JSON, data.
    private func file(_ json: String, data: [UInt8] = [], length: UInt64? = nil) -> [UInt8] {
        withUnsafeBytes(of: (length ?? UInt64(json.utf8.count)).littleEndian) { Array($0) } + Array(json.utf8)
            + data
    }

    private func refusal(_ bytes: [UInt8]) -> String {
        thrownText { _ = try SafeTensorsFile(bytes: bytes, name: "x.safetensors") }
    }

    @Test func readsAFileWrittenByHand() throws {
        let json =
            #"{"__metadata__":{"format":"pt"},"#
            + #""b":{"dtype":"I16","shape":[2],"data_offsets":[4,8]},"#
            + #""a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}"#
        let read = try SafeTensorsFile(
            bytes: file(json, data: [0, 0, 0x80, 0x3f, 0xff, 0xff, 2, 1]), name: "x")
        #expect(read.metadata == ["format": "pt"])
        #expect(read.names == ["a", "b"])
        #expect(try read.floats("a") == [1])
        #expect(try read.integers("b") == [-1, 258])
        #expect(try read.entry("b").byteRange.count == 4)
        #expect(try read.entry("a").shape == [])
    }

    @Test func readsEveryGoldenFile() throws {
        let golden = Fixtures.roots.flatMap { root -> [URL] in
            (FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil)?.allObjects as? [URL]
                ?? [])
                .filter { $0.pathExtension == "safetensors" }
        }
        try #require(!golden.isEmpty)
        for url in golden {
            let read = try SafeTensorsFile(url)
            for entry in read.entries {
                switch entry.dtype {
                case .float32, .float16, .bfloat16, .float64:
                    #expect(try read.floats(entry.name).count == entry.count)
                default: #expect(try read.integers(entry.name).count == entry.count)
                }
            }
        }
    }

    @Test(arguments: [
        (
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4,
            ": tensor 'a' at byte 62 is F32 "
                + "[2], which takes 8 bytes, and has 4"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 4,
            ": tensor 'a' at byte 62 has "
                + "data_offsets [0, 8], the file has 4 bytes of data; it may be truncated"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 4,
            ": tensor 'a' at byte 62 has "
                + "data_offsets [4, 0], the file has 4 bytes of data; it may be truncated"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}"#, 4,
            ": tensor 'a' at byte 63 has "
                + "data_offsets [-4, 0], the file has 4 bytes of data; it may be truncated"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}"#, 8,
            ": tensor 'a' has data_offsets "
                + "[0, 4, 8], two are needed"
        ),
        (
            #"{"a":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4]}}"#, 4,
            ": tensor 'a' has element type "
                + "'F8_E4M3'; read here are F64, F32, F16, BF16, I64, I32, I16, I8, U8, U16, U32, U64, BOOL"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, 4,
            ": tensor 'a' has the impossible "
                + "shape [-1]"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,4]}}"#, 4,
            ": tensor 'a' has the impossible shape [4611686018427387904, 4]"
        ),
        (
            #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"#
                + #""b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}"#,
            6, ": tensor 'b' at byte 115 overlaps the tensor before it, which ends at byte 117"
        ),
        (
            #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"#
                + #""b":{"dtype":"U8","shape":[2],"data_offsets":[4,6]}}"#,
            6, ": tensor 'b' at byte 117 leaves a gap after the tensor before it, which ends at byte 115"
        ),
        (
            #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#, 5,
            " at byte 63: not a whole "
                + "safetensors file: 3 bytes after the last tensor"
        ),
        (
            #"{"a":{"dtype":"U8","shape":["2"],"data_offsets":[0,2]}}"#, 2,
            ": 'a.shape[0]' is \"2\", expected a whole number"
        ),
        (
            #"{"a":{"dtype":"U8","shape":[1.5],"data_offsets":[0,2]}}"#, 2,
            ": 'a.shape[0]' is 1.5, expected a whole number"
        ),
        (
            #"{"a":{"dtype":"U8","data_offsets":[0,2]}}"#, 2,
            ": 'a.shape' is missing, expected an array"
        ),
        (
            #"{"a":{"dtype":"U8","shape":[99999999999999999999],"data_offsets":[0,2]}}"#, 2,
            ": 'a.shape[0]' is 1e+20, expected a whole number"
        ),
        (
            #"{"__metadata__":{"n":1}}"#, 0,
            ": '__metadata__.n' is 1, expected a string"
        ),
        (
            #"{"a":"#, 0,
            " at byte 13: not a whole safetensors file: the header is not valid JSON (the text ends in the "
                + "middle of a value (was the file cut off?))"
        ),
        (
            #"{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"#
                + #""a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#, 0,
            ": tensor 'a' stands in the header twice"
        ),
        (#"[1,2]"#, 0, " at byte 8: not a whole safetensors file: the header does not start with '{'"),
    ])
    func refusesABadHeader(json: String, dataBytes: Int, expected: String) {
        let text = refusal(file(json, data: [UInt8](repeating: 0, count: dataBytes)))
        #expect(text == "x.safetensors\(expected)")
    }

    @Test func refusesAnImpossibleHeaderLength() {
        #expect(
            refusal([1, 2, 3]) == "x.safetensors: not a whole safetensors file: 3 bytes, the header's "
                + "length alone takes 8")
        #expect(
            refusal([]) == "x.safetensors: not a whole safetensors file: 0 bytes, the header's length "
                + "alone takes 8")
        #expect(
            refusal(file("{}", length: 3)) == "x.safetensors at byte 0: not a whole safetensors file: "
                + "it claims a header of 3 bytes and has 2 after the length")
        #expect(
            refusal(file("{}", length: .max)) == "x.safetensors at byte 0: not a whole safetensors "
                + "file: it claims a header of 18446744073709551615 bytes, possible are 2 to 100000000")
        #expect(
            refusal(file("{}", length: 0)) == "x.safetensors at byte 0: not a whole safetensors file: "
                + "it claims a header of 0 bytes, possible are 2 to 100000000")
        #expect(refusal(file("{}")) == "")
    }

    @Test func namesAMissingTensorAndThoseLikeIt() throws {
        var writer = SafeTensorsWriter()
        writer.add("model.layers.0.weight", [Float(1)])
        let read = try SafeTensorsFile(bytes: writer.serialized(), name: "m")
        #expect { try read.floats("model.layer.0.weight") } throws: { error in
            error as? FilesError
                == .missingTensor(file: "m", tensor: "model.layer.0.weight", near: ["model.layers.0.weight"])
        }
    }

    @Test func anEmptyOrAbsentFileIsANamedError() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("m.safetensors")
            #expect(throws: FilesError.missing(path: url.path)) { try SafeTensorsFile(url) }
            try AtomicOutput.writeAtomically([], to: url)
            #expect(
                thrownText(in: folder) { _ = try SafeTensorsFile(url) } == "…/m.safetensors at byte 0: "
                    + "not a whole safetensors file: it is empty")
            #expect(throws: FilesError.self) { try SafeTensorsFile(folder) }
        }
    }

    @Test func aFileThatWouldFillTheMemoryIsRefused() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("model.safetensors")
            let bomb = try Zstandard.compress([UInt8](repeating: 0, count: 1 << 28), level: 1)
            #expect(bomb.count < 1 << 15)
            try AtomicOutput.writeAtomically(bomb, to: url)
            #expect(
                throws: FilesError.tooLarge(
                    path: url.path, item: "the decompressed content", limit: 1 << 26,
                    name: .compressionRatio)
            ) { try SafeTensorsFile(url) }
        }
    }

    @Test func mappedBytesAreLentWhereTheyCanBeRead() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("x.safetensors")
            let json = #"{"a":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}"#
            // Numbers of two bytes that begin at an odd one are copied by who reads them.
            for header in [json, json + " "] {
                try AtomicOutput.writeAtomically(file(header, data: [1, 2, 3, 4]), to: url)
                let read = try SafeTensorsFile(url)
                let expected: [UInt8]? = header.utf8.count % 2 == 0 ? [1, 2, 3, 4] : nil
                #expect(try read.mapped(read.entry("a")).map { Array($0) } == expected)
            }
            let packed = try SafeTensorsFile(
                bytes: Zstandard.compress(file(json, data: [1, 2, 3, 4])), name: "y")
            #expect(try packed.mapped(packed.entry("a")) == nil)
        }
    }
}
