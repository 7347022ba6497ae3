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

    /// The reference implementation's limit: a length beyond it is garbage, not a header.
    static let maximumBytes = 100_000_000

    init(_ file: UnsafeRawBufferPointer, name: String) throws {
        func corrupt(_ offset: Int?, _ problem: String) -> FilesError {
            .corrupt(path: name, offset: offset, problem: "not a whole safetensors file: \(problem)")
        }
        guard file.count >= 8 else {
            throw corrupt(nil, "\(file.count) bytes, the header's length alone takes 8")
        }
        let claimed = UInt64(littleEndian: file.loadUnaligned(as: UInt64.self))
        guard let length = Int(exactly: claimed), length >= 2, length <= Self.maximumBytes else {
            throw corrupt(0, "it claims a header of \(claimed) bytes, possible are 2 to \(Self.maximumBytes)")
        }
        guard length <= file.count - 8 else {
            throw corrupt(
                0, "it claims a header of \(length) bytes and has \(file.count - 8) after the length")
        }
        guard file[8] == UInt8(ascii: "{") else { throw corrupt(8, "the header does not start with '{'") }
        let raw: RawHeader
        do {
            raw = try JSONDecoder().decode(RawHeader.self, from: Data(file[8..<(8 + length)]))
        } catch let error as DecodingError {
            throw corrupt(8, "the header \(error.sentence)")
        }
        let start = 8 + length
        entries = try raw.tensors
            .map { try Self.check($0.name, $0.tensor, start: start, fileBytes: file.count, file: name) }
            .sorted {
                ($0.byteRange.lowerBound, $0.byteRange.upperBound, $0.name) < (
                    $1.byteRange.lowerBound, $1.byteRange.upperBound, $1.name
                )
            }
        metadata = raw.metadata

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

    private static func check(_ name: String, _ raw: RawTensor, start: Int, fileBytes: Int, file: String)
        throws -> TensorEntry
    {
        func bad(_ offset: Int?, _ problem: String) -> FilesError {
            .badTensor(file: file, tensor: name, offset: offset, problem: problem)
        }
        guard let dtype = ElementType(rawValue: raw.dtype) else {
            let known = ElementType.allCases.map(\.rawValue).joined(separator: ", ")
            throw bad(nil, "has element type '\(raw.dtype)'; read here are \(known)")
        }
        guard let bytes = dtype.byteCount(shape: raw.shape) else {
            throw bad(nil, "has the impossible shape \(raw.shape)")
        }
        guard raw.data_offsets.count == 2 else {
            throw bad(nil, "has data_offsets \(raw.data_offsets), two are needed")
        }
        let (first, last) = (raw.data_offsets[0], raw.data_offsets[1])
        guard 0 <= first, first <= last, last <= fileBytes - start else {
            throw bad(
                start,
                "has data_offsets \(raw.data_offsets), the file has \(fileBytes - start) bytes of data; it "
                    + "may be truncated"
            )
        }
        guard last - first == bytes else {
            throw bad(
                start + first,
                "is \(dtype.rawValue) \(raw.shape), which takes \(bytes) bytes, and has \(last - first)")
        }
        return TensorEntry(
            name: name, dtype: dtype, shape: raw.shape, byteRange: (start + first)..<(start + last))
    }
}

/// The header's JSON as it stands.
private struct RawHeader: Decodable {
    var tensors: [(name: String, tensor: RawTensor)] = []
    var metadata: [String: String] = [:]

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: AnyKey.self)
        for key in fields.allKeys {
            if key.stringValue == "__metadata__" {
                metadata = try fields.decode([String: String].self, forKey: key)
            } else {
                tensors.append((key.stringValue, try fields.decode(RawTensor.self, forKey: key)))
            }
        }
    }
}

private struct RawTensor: Decodable {
    let dtype: String
    let shape: [Int]
    let data_offsets: [Int]  // the format's own name
}

private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

extension DecodingError {
    /// Problem, with the key at which it is.
    var sentence: String {
        func at(_ context: Context) -> String {
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            return path.isEmpty ? "" : " at '\(path)'"
        }
        switch self {
        case .typeMismatch(let type, let context): return "should have \(type)\(at(context))"
        case .valueNotFound(let type, let context): return "has null where \(type) should be\(at(context))"
        case .keyNotFound(let key, let context): return "has no '\(key.stringValue)'\(at(context))"
        // Foundation says the same of broken JSON and of a fraction where a whole number belongs.
        case .dataCorrupted(let context):
            return "is not valid JSON, or has a number that is not whole\(at(context))"
        @unknown default: return "cannot be decoded"
        }
    }
}
