import Foundation
import Testing

/// A GGUF file read back by a reader of its own, after the format's description.
struct GGUFFile {
    enum Value: Equatable {
        case number(Double)
        case flag(Bool)
        case text(String)
        case list([Value])
    }
    struct Tensor: Equatable {
        let sizes: [Int]  // from the innermost
        let type: UInt32
        let place: Int  // of its bytes in the file
    }

    let bytes: [UInt8]
    private(set) var metadata: [String: Value] = [:]
    private(set) var tensors: [String: Tensor] = [:]
    private var position = 0

    init(_ url: URL) throws {
        bytes = [UInt8](try Data(contentsOf: url))
        #expect(Array(bytes.prefix(4)) == Array("GGUF".utf8))
        position = 4
        #expect(read(UInt32.self) == 3)
        let (tensorCount, valueCount) = (read(UInt64.self), read(UInt64.self))
        for _ in 0..<valueCount {
            let key = text()
            metadata[key] = value(of: read(UInt32.self))
        }
        var places: [(name: String, sizes: [Int], type: UInt32, offset: Int)] = []
        for _ in 0..<tensorCount {
            let name = text()
            let sizes = (0..<read(UInt32.self)).map { _ in Int(read(UInt64.self)) }
            places.append((name, sizes, read(UInt32.self), Int(read(UInt64.self))))
        }
        let start = (position + 31) / 32 * 32
        for place in places {
            #expect(place.offset % 32 == 0)
            tensors[place.name] = Tensor(
                sizes: place.sizes, type: place.type, place: start + place.offset)
        }
        #expect(bytes.count % 32 == 0)
    }

    private mutating func read<Number: FixedWidthInteger>(_ type: Number.Type) -> Number {
        defer { position += MemoryLayout<Number>.size }
        return number(at: position)
    }

    private func number<Number: FixedWidthInteger>(at place: Int) -> Number {
        bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: Number.self) }
    }

    private mutating func text() -> String {
        let count = Int(read(UInt64.self))
        defer { position += count }
        return String(decoding: bytes[position..<position + count], as: UTF8.self)
    }

    private mutating func value(of type: UInt32) -> Value {
        switch type {
        case 4: return .number(Double(read(UInt32.self)))
        case 5: return .number(Double(read(Int32.self)))
        case 6: return .number(Double(Float(bitPattern: read(UInt32.self))))
        case 7: return .flag(read(UInt8.self) != 0)
        case 8: return .text(text())
        case 9:
            let inner = read(UInt32.self)
            return .list((0..<read(UInt64.self)).map { _ in value(of: inner) })
        default:
            Issue.record("a value of type \(type)")
            return .flag(false)
        }
    }

    /// Values of a tensor, whatever its type.
    func floats(_ name: String) throws -> [Float] {
        let tensor = try #require(tensors[name], "\(name)")
        let count = tensor.sizes.reduce(1, *)
        func half(_ index: Int) -> UInt16 { number(at: tensor.place + 2 * index) }
        return (0..<count).map { index in
            switch tensor.type {
            case 0: return Float(bitPattern: number(at: tensor.place + 4 * index))
            case 1: return Float(Float16(bitPattern: half(index)))
            case 30: return Float(bitPattern: UInt32(half(index)) << 16)
            default:
                let block = tensor.place + index / 32 * 34
                let unit = Float(Float16(bitPattern: number(at: block)))
                return unit * Float(Int8(bitPattern: bytes[block + 2 + index % 32]))
            }
        }
    }
}
