import Files
import Foundation
import Models
import TestSupport
import Testing

/// Weights go from file to file.
@Suite struct StoredTypeTests {
    private func assemble(_ source: URL, type: StoredType?, in folder: URL) throws -> SafeTensorsFile {
        let assembly = try ModelAssembly(
            AssemblySettings(), language: source, vision: source,
            tokenizer: ModelAssemblyTests.tokenizer(in: folder, hasImage: true))
        let out = folder.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: out, withIntermediateDirectories: true)
        let stored = try assembly.write(into: out, type: type)
        let file = try SafeTensorsFile(out.appendingPathComponent("model.safetensors"))
        let table = try file.entry("language_model.model.embed_tokens.weight").dtype
        #expect(stored.elementType == table)
        return file
    }

    /// Bit for bit: -0, subnormal numbers and the largest too.
    @Test(arguments: [ElementType.float32, .bfloat16, .float16])
    func assemblingKeepsEveryBit(type: ElementType) throws {
        try withTemporaryFolder { folder in
            let patterns: [UInt8] =
                type == .float32
                ? [0, 0, 0, 0x80, 1, 0, 0, 0, 0xff, 0xff, 0x7f, 0x7f]
                : type == .bfloat16 ? [0, 0x80, 1, 0, 0x7f, 0x7f] : [0, 0x80, 1, 0, 0xff, 0x7b]
            let source = try CheckpointTests.altered(in: folder) { entry, _ in
                let size = type.byteCount
                var same: [UInt8] = []
                while same.count < entry.count * size { same += [0x12, 0x34, 0x56, 0x38].suffix(size) }
                same.replaceSubrange(0..<patterns.count, with: patterns)
                return (entry.name, type, entry.shape, same)
            }
            let before = try SafeTensorsFile(source.appendingPathComponent("model.safetensors"))
            let after = try assemble(source, type: nil, in: folder)
            #expect(Set(before.names) == Set(after.names))
            for entry in before.entries {
                #expect(try after.entry(entry.name).dtype == type)
                #expect(try after.bytes(entry.name) == before.bytes(entry.name), "\(entry.name)")
            }
            // A wider type holds the same numbers.
            let wide = try assemble(source, type: .f32, in: folder)
            for name in before.names { #expect(try wide.floats(name) == before.floats(name)) }
        }
    }

    /// What becomes infinite when it is rounded is refused with its name.
    @Test func numbersBeyondATypeAreRefused() throws {
        try withTemporaryFolder { folder in
            let source = try CheckpointTests.altered(in: folder) { entry, bytes in
                var bytes = bytes
                if entry.name == CheckpointTests.up {
                    bytes.replaceSubrange(0..<4, with: [0, 0, 0x80, 0x47])
                }
                // 65536
                return (entry.name, entry.dtype, entry.shape, bytes)
            }
            let text = thrownText { _ = try assemble(source, type: .f16, in: folder) }
            #expect(text.contains(CheckpointTests.up) && text.contains("65536"), "\(text)")
        }
    }

    @Test func weightsThatAreNotFiniteAreRefusedOnTheWay() throws {
        try withTemporaryFolder { folder in
            let source = try CheckpointTests.altered(in: folder) { entry, bytes in
                var bytes = bytes
                if entry.name == CheckpointTests.up {
                    bytes.replaceSubrange(20..<24, with: [0, 0, 0xc0, 0x7f])
                }
                return (entry.name, entry.dtype, entry.shape, bytes)
            }
            let error = #expect(throws: ModelsError.self) { try assemble(source, type: nil, in: folder) }
            guard case .notFinite(_, CheckpointTests.up, 5, _)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }
}
