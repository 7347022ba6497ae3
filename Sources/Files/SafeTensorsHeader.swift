import Foundation

/// Entry of one tensor in the header of a safetensors file.
public struct TensorEntry: Equatable, Sendable {
    public let name: String
    public let dtype: ElementType
    public let shape: [Int]
    /// Range of its bytes, counted from the start of the (uncompressed) file.
    public let byteRange: Range<Int>
    /// Number of elements.
    public var count: Int { byteRange.count / dtype.byteCount }
}

/// The checked header: 8 bytes of length (little endian), then JSON, then the tensors' bytes without gaps.
struct SafeTensorsHeader {
    /// In the order of the bytes.
    let entries: [TensorEntry]
    let metadata: [String: String]

    init(_ file: UnsafeRawBufferPointer, name: String) throws {
        func corrupt(_ offset: Int?, _ problem: String) -> FilesError {
            .corrupt(path: name, offset: offset, problem: "not a whole safetensors file: \(problem)")
        }
        guard file.count >= 8 else {
            throw corrupt(nil, "\(file.count) bytes, the header's length alone takes 8")
        }
        let claimed = UInt64(littleEndian: file.loadUnaligned(as: UInt64.self))
        let most = Limit.headerBytes.value
        guard let length = Int(exactly: claimed), length >= 2, length <= most else {
            throw corrupt(0, "it claims a header of \(claimed) bytes, possible are 2 to \(most)")
        }
        guard length <= file.count - 8 else {
            throw corrupt(
                0, "it claims a header of \(length) bytes and has \(file.count - 8) after the length")
        }
        guard file[8] == UInt8(ascii: "{") else { throw corrupt(8, "the header does not start with '{'") }
        let header: JSONField
        do {
            header = JSONField(file: name, value: try JSONValue(parsing: Array(file[8..<(8 + length)])))
        } catch { throw corrupt(8 + error.offset, "the header is not valid JSON (\(error.reason))") }
        let start = 8 + length
        var metadata: [String: String] = [:]
        var tensors: [TensorEntry] = []
        var names: Set<[UInt8]> = []
        for (key, field) in try header.members() {
            guard names.insert(Array(key.utf8)).inserted else {
                throw FilesError.badTensor(
                    file: name, tensor: key, offset: nil, problem: "stands in the header twice")
            }
            if key == "__metadata__" {
                for (name, text) in try field.members() { metadata[name] = try text.string() }
            } else {
                tensors.append(
                    try Self.entry(key, field, start: start, fileBytes: file.count, file: name))
            }
        }
        entries =
            tensors
            .sorted {
                ($0.byteRange.lowerBound, $0.byteRange.upperBound, $0.name) < (
                    $1.byteRange.lowerBound, $1.byteRange.upperBound, $1.name
                )
            }
        self.metadata = metadata

        // Without gaps and overlaps, as the reference implementation demands: no byte is read twice or
        // smuggled in.
        var end = start
        for entry in entries {
            guard entry.byteRange.lowerBound == end else {
                let problem =
                    entry.byteRange.lowerBound < end
                    ? "overlaps the tensor before it" : "leaves a gap after the tensor before it"
                throw FilesError.badTensor(
                    file: name, tensor: entry.name, offset: entry.byteRange.lowerBound,
                    problem: "\(problem), which ends at byte \(end)")
            }
            end = entry.byteRange.upperBound
        }
        guard end == file.count else { throw corrupt(end, "\(file.count - end) bytes after the last tensor") }
    }

    private static func entry(
        _ name: String, _ field: JSONField, start: Int, fileBytes: Int, file: String
    ) throws -> TensorEntry {
        func bad(_ offset: Int?, _ problem: String) -> FilesError {
            .badTensor(file: file, tensor: name, offset: offset, problem: problem)
        }
        let type = try field["dtype"].string()
        let shape = try field["shape"].integers()
        let offsets = try field["data_offsets"].integers()
        guard let dtype = ElementType(rawValue: type) else {
            let known = ElementType.allCases.map(\.rawValue).joined(separator: ", ")
            throw bad(nil, "has element type '\(outside: type)'; read here are \(known)")
        }
        guard let bytes = dtype.byteCount(shape: shape) else {
            throw bad(nil, "has the impossible shape \(outside: "\(shape)")")
        }
        guard offsets.count == 2 else {
            throw bad(nil, "has data_offsets \(outside: "\(offsets)"), two are needed")
        }
        let (first, last) = (offsets[0], offsets[1])
        guard 0 <= first, first <= last, last <= fileBytes - start else {
            throw bad(
                start,
                "has data_offsets \(outside: "\(offsets)"), the file has \(fileBytes - start) bytes of data; "
                    + "it may be truncated"
            )
        }
        guard last - first == bytes else {
            throw bad(
                start + first,
                "is \(dtype.rawValue) \(shape), which takes \(bytes) bytes, and has \(last - first)")
        }
        return TensorEntry(
            name: name, dtype: dtype, shape: shape, byteRange: (start + first)..<(start + last))
    }
}

extension JSONField {
    fileprivate func integers() throws(FilesError) -> [Int] {
        try elements().map { element throws(FilesError) in try element.integer() }
    }
}
