import Files
import Foundation
import Text

/// A sample of a data file, as its place in errors and in the list of skipped samples.
struct SampleRecord: Sendable {
    let number: Int  // over all files
    let file: Int32  // of the packing's data
    let place: JSONRecords.Place
}

/// Encoded samples on disk in the order of the data, so that packing takes no memory for each of millions.
///
/// Layout of an entry, little endian: the sample's number, the place's number and offset (-1 for a line) as
/// i64; file, image (-1 for none), bytes of the id and tokens as i32; then the id's UTF-8, `[tokens]` ids as
/// i32 and `[tokens]` u8 that are 1 where the token is its own label.
struct SampleSpool: Sendable {
    /// What is known of an entry without its tokens.
    struct Entry: Sendable {
        let record: SampleRecord
        let image: Int?
        fileprivate let offset: Int
        fileprivate let idBytes, tokens: Int

        fileprivate var end: Int { offset + headerBytes + idBytes + 5 * tokens }
    }

    private let spool: Spool
    private(set) var count = 0
    private var end = 0
    /// Bytes on disk.
    var bytes: Int { end }

    init(in folder: URL) throws { spool = try Spool(in: folder) }

    mutating func append(
        _ record: SampleRecord, id: String, image: Int?, _ tokens: TokenizedConversation
    ) throws {
        let id = Array(id.utf8)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(headerBytes + id.count + 5 * tokens.ids.count)
        func put(_ value: some FixedWidthInteger) {
            withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
        }
        for value in [record.number, record.place.number, record.place.offset ?? -1] { put(Int64(value)) }
        for value in [Int(record.file), image ?? -1, id.count, tokens.ids.count] { put(Int32(value)) }
        bytes += id
        for id in tokens.ids { put(id) }
        for label in tokens.labels { bytes.append(label == ShardFormat.ignoreIndex ? 0 : 1) }
        try bytes.withUnsafeBytes { try spool.write($0, at: end) }
        end += bytes.count
        count += 1
    }

    /// The entry behind another, or the first; nil behind the last.
    func entry(after previous: Entry?) throws -> Entry? {
        let offset = previous?.end ?? 0
        guard offset < end else { return nil }
        return try withUnsafeTemporaryAllocation(byteCount: headerBytes, alignment: 8) { header in
            try spool.read(into: header, at: offset)
            func wide(_ n: Int) -> Int {
                Int(Int64(littleEndian: header.loadUnaligned(fromByteOffset: 8 * n, as: Int64.self)))
            }
            func narrow(_ n: Int) -> Int32 {
                Int32(littleEndian: header.loadUnaligned(fromByteOffset: 24 + 4 * n, as: Int32.self))
            }
            let place = JSONRecords.Place(number: wide(1), offset: wide(2) < 0 ? nil : wide(2))
            return Entry(
                record: SampleRecord(number: wide(0), file: narrow(0), place: place),
                image: narrow(1) < 0 ? nil : Int(narrow(1)), offset: offset, idBytes: Int(narrow(2)),
                tokens: Int(narrow(3)))
        }
    }

    func read(_ entry: Entry) throws -> (id: String, tokens: TokenizedConversation) {
        let (idBytes, tokens) = (entry.idBytes, entry.tokens)
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: idBytes + 5 * tokens, alignment: 16)
        defer { bytes.deallocate() }
        try spool.read(into: bytes, at: entry.offset + headerBytes)
        let flags = idBytes + 4 * tokens
        let ids = (0..<tokens).map {
            Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: idBytes + 4 * $0, as: Int32.self))
        }
        let labels = zip(ids, bytes[flags...]).map { $1 == 1 ? $0 : ShardFormat.ignoreIndex }
        return (
            String(decoding: bytes[..<idBytes], as: UTF8.self),
            TokenizedConversation(ids: ids, labels: labels)
        )
    }
}

private let headerBytes = 40
