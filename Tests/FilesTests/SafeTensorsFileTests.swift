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
        do {
            _ = try SafeTensorsFile(bytes: bytes, name: "x.safetensors")
            return "accepted"
        } catch {
            return "\(error)"
        }
    }

    @Test func readsAFileWrittenByHand() throws {
        let json =
            #"{"__metadata__":{"format":"pt"},"b":{"dtype":"I16","shape":[2],"data_offsets":[4,8]},"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}"#
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
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4, "takes 8 bytes, and has 4"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 4, "may be truncated"),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 4, "data_offsets [4, 0]"),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}"#, 4, "data_offsets [-4, 0]"),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}"#, 8, "two are needed"),
        (#"{"a":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4]}}"#, 4, "element type 'F8_E4M3'"),
        (#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, 4, "impossible shape [-1]"),
        (
            #"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,4]}}"#, 4,
            "impossible shape"
        ),
        (
            #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}"#,
            6, "tensor 'b' at byte"
        ),
        (
            #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[4,6]}}"#,
            6, "leaves a gap"
        ),
        (#"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#, 5, "3 bytes after the last tensor"),
        (#"{"a":{"dtype":"U8","shape":["2"],"data_offsets":[0,2]}}"#, 2, "at 'a.shape"),
        (#"{"a":{"dtype":"U8","shape":[1.5],"data_offsets":[0,2]}}"#, 2, "not whole"),
        (#"{"a":{"dtype":"U8","data_offsets":[0,2]}}"#, 2, "no 'shape'"),
        (#"{"a":{"dtype":"U8","shape":[99999999999999999999],"data_offsets":[0,2]}}"#, 2, "the header"),
        (#"{"__metadata__":{"n":1}}"#, 0, "__metadata__"),
        (#"{"a":"#, 0, "not valid JSON"),
        (#"[1,2]"#, 0, "does not start with '{'"),
    ])
    func refusesABadHeader(json: String, dataBytes: Int, expected: String) {
        let text = refusal(file(json, data: [UInt8](repeating: 0, count: dataBytes)))
        #expect(text.contains(expected) && text.hasPrefix("x.safetensors"), "\(text)")
    }

    @Test func refusesAnImpossibleHeaderLength() {
        #expect(refusal([1, 2, 3]).contains("3 bytes"))
        #expect(refusal([]).contains("0 bytes"))
        #expect(refusal(file("{}", length: 3)).contains("claims a header of 3 bytes and has 2"))
        #expect(refusal(file("{}", length: .max)).contains("claims a header of 18446744073709551615"))
        #expect(refusal(file("{}", length: 0)).contains("possible are 2 to"))
        #expect(refusal(file("{}")) == "accepted")
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
            #expect { try SafeTensorsFile(url) } throws: { "\($0)".contains("it is empty") }
            #expect(throws: FilesError.self) { try SafeTensorsFile(folder) }
        }
    }
}
