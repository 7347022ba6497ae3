import Foundation

extension SafeTensorsFile {
    /// The tensor's bytes as they stand in the file.
    public func bytes(_ name: String) throws -> [UInt8] {
        try withBytes(of: name) { Array($0) }
    }

    /// The tensor's values, row-major.
    ///
    /// - Throws: `FilesError.badTensor` unless it is F32, F16, BF16 or F64 (which loses digits)
    public func floats(_ name: String) throws -> [Float] {
        let count = try entry(name).count
        return try [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            if let start = buffer.baseAddress { try readFloats(name, into: start, count: count) }
            initialized = count
        }
    }

    /// Writes the tensor's values to `target`; see `floats(_:)`.
    ///
    /// - Parameter count: how many values `target` has room for; it must be the tensor's size
    public func readFloats(_ name: String, into target: UnsafeMutablePointer<Float>, count: Int) throws {
        let entry = try entry(name)
        guard entry.count == count else {
            throw FilesError.badTensor(
                file: path, tensor: name, offset: nil,
                problem: "is \(entry.shape), \(count) values are needed")
        }
        try readFloats(name, elements: 0..<count, into: target)
    }

    /// Writes some of the tensor's values, row-major, to `target`; see `floats(_:)`.
    public func readFloats(
        _ name: String, elements: Range<Int>, into target: UnsafeMutablePointer<Float>
    ) throws {
        let (entry, count) = (try entry(name), elements.count)
        try withBytes(of: name, elements: elements) { bytes in
            guard let source = bytes.baseAddress, count > 0 else { return }
            switch entry.dtype {
            case .float32: UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: bytes.count)
            case .bfloat16: FloatConversion.widenBFloat16(source, target, count)
            case .float16: FloatConversion.widenFloat16(source, target, count)
            case .float64: FloatConversion.narrowFloat64(source, target, count)
            default: throw wrongType(entry, "F32, F16, BF16 or F64")
            }
        }
    }

    /// Whether a tensor and one of another file are the same: shape and values.
    public func equals(_ entry: TensorEntry, in other: SafeTensorsFile, _ second: TensorEntry) throws -> Bool
    {
        guard entry.shape == second.shape else { return false }
        guard entry.dtype == second.dtype else { return try floats(entry.name) == other.floats(second.name) }
        for start in stride(from: 0, to: entry.count, by: 1 << 20) {
            let block = start..<min(entry.count, start + 1 << 20)
            let areEqual = try withBytes(of: entry.name, elements: block) { mine in
                try other.withBytes(of: second.name, elements: block) { others in
                    guard let a = mine.baseAddress, let b = others.baseAddress else { return true }
                    return memcmp(a, b, mine.count) == 0
                }
            }
            guard areEqual else { return false }
        }
        return true
    }

    /// The tensor's values, row-major, of any integer type or BOOL.
    ///
    /// - Throws: `FilesError.badTensor` for other types and for a U64 beyond `Int.max`
    public func integers(_ name: String) throws -> [Int] { try integers(name, as: Int.self) }

    /// Like `integers(_:)`, of values that fit 32 bits.
    public func int32s(_ name: String) throws -> [Int32] { try integers(name, as: Int32.self) }

    private func integers<Target: FixedWidthInteger>(_ name: String, as type: Target.Type) throws -> [Target]
    {
        let entry = try entry(name)
        return try withBytes(of: name) { bytes in
            switch entry.dtype {
            case .int64: try convert(bytes, Int64.self, entry)
            case .int32: try convert(bytes, Int32.self, entry)
            case .int16: try convert(bytes, Int16.self, entry)
            case .int8: try convert(bytes, Int8.self, entry)
            case .uint64: try convert(bytes, UInt64.self, entry)
            case .uint32: try convert(bytes, UInt32.self, entry)
            case .uint16: try convert(bytes, UInt16.self, entry)
            case .uint8, .bool: try convert(bytes, UInt8.self, entry)
            default: throw wrongType(entry, "an integer type")
            }
        }
    }

    private func convert<Source: FixedWidthInteger, Target: FixedWidthInteger>(
        _ bytes: UnsafeRawBufferPointer, _ source: Source.Type, _ entry: TensorEntry
    ) throws -> [Target] {
        try [Target](unsafeUninitializedCapacity: entry.count) { buffer, initialized in
            initialized = entry.count
            if Source.self == Target.self {
                UnsafeMutableRawBufferPointer(buffer).copyMemory(from: bytes)
                return
            }
            var fits = true
            for i in 0..<entry.count {
                let value = bytes.loadUnaligned(
                    fromByteOffset: i &* MemoryLayout<Source>.size, as: Source.self)
                buffer[i] = Target(truncatingIfNeeded: value)
                fits = fits && Target(exactly: value) != nil
            }
            guard fits else {
                throw FilesError.badTensor(
                    file: path, tensor: entry.name, offset: entry.byteRange.lowerBound,
                    problem: "has a value that does not fit \(Target.bitWidth) bits")
            }
        }
    }

    private func wrongType(_ entry: TensorEntry, _ expected: String) -> FilesError {
        .badTensor(
            file: path, tensor: entry.name, offset: entry.byteRange.lowerBound,
            problem: "is \(entry.dtype.rawValue), expected \(expected)")
    }
}
