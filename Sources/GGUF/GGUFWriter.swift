import Files
import Foundation
import Tensors

/// Collects metadata and tensors and writes them as one GGUF file of version 3.
///
/// The file: magic, version, counts; the metadata, a name, a type and a value each; of every tensor its name,
/// its sizes from the innermost, its type and its place; then their bytes, each from a multiple of 32. A
/// tensor is asked for when it is written, so only one is in memory.
package struct GGUFWriter {
    private struct Tensor {
        let name: String
        let shape: [Int]
        let type: GGUFType
        let values: () throws -> Tensors.Tensor

        var byteCount: Int { type.byteCount(shape.reduce(1, *)) }
    }

    private var metadata: [(key: String, value: GGUFValue)] = []
    private var tensors: [Tensor] = []
    private static let alignment = 32

    package init() {}

    /// Adds a value; nil adds nothing.
    package mutating func set(_ key: String, _ value: GGUFValue?) {
        if let value { metadata.append((key, value)) }
    }

    /// Adds a tensor.
    ///
    /// - Parameters:
    ///   - shape: from the outermost size to the innermost, which for `q8_0` is a multiple of 32
    ///   - values: gives the values, row-major
    package mutating func add(
        _ name: String, _ type: GGUFType, shape: [Int], values: @escaping () throws -> Tensors.Tensor
    ) {
        tensors.append(Tensor(name: name, shape: shape, type: type, values: values))
    }

    /// Writes the file; it appears whole or not at all.
    ///
    /// - Throws: `GGUFError.outOfRange`, `FilesError`, and what the providers of values throw
    package func write(to url: URL) throws {
        let file = try AtomicFile(url)
        try file.write(header)
        for tensor in tensors {
            let values = try tensor.values()
            precondition(
                values.count == tensor.shape.reduce(1, *),
                "GGUFWriter: \(tensor.name) \(tensor.shape) was given \(values.count) values")
            let buffer = UnsafeBufferPointer(start: values.pointer, count: values.count)
            if let value = buffer.first(where: { !($0.magnitude < tensor.type.limit) }) {
                throw GGUFError.outOfRange(tensor: tensor.name, value: value, type: tensor.type)
            }
            try tensor.type.write(buffer, to: file)
            try file.write([UInt8](repeating: 0, count: Self.padding(tensor.byteCount)))
        }
        try file.commit()
    }

    private static func padding(_ bytes: Int) -> Int { (alignment - bytes % alignment) % alignment }

    /// All that stands before the tensors' bytes.
    private var header: [UInt8] {
        var bytes = Array("GGUF".utf8)
        bytes.append(numbers: 3)
        bytes.append(long: tensors.count)
        bytes.append(long: metadata.count)
        for (key, value) in metadata {
            bytes.append(counted: key)
            value.append(to: &bytes)
        }
        var offset = 0
        for tensor in tensors {
            bytes.append(counted: tensor.name)
            bytes.append(numbers: UInt32(tensor.shape.count))
            for size in tensor.shape.reversed() { bytes.append(long: size) }
            bytes.append(numbers: tensor.type.code)
            bytes.append(long: offset)
            offset += tensor.byteCount + Self.padding(tensor.byteCount)
        }
        return bytes + [UInt8](repeating: 0, count: Self.padding(bytes.count))
    }
}
