import CCrypto
import Foundation

/// SHA-256 of bytes that arrive in pieces.
public final class DigestStream: ByteSink {
    private let context: OpaquePointer

    public init() {
        guard let made = EVP_MD_CTX_new(), EVP_DigestInit_ex(made, EVP_sha256(), nil) == 1 else {
            preconditionFailure("DigestStream: OpenSSL gives no SHA-256")
        }
        context = made
    }

    deinit { EVP_MD_CTX_free(context) }

    public func write(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count > 0 else { return }
        precondition(
            EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1, "DigestStream: update failed")
    }

    /// The digest as 64 lower-case hexadecimal digits; call once, after the last byte.
    public func finish() -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        precondition(EVP_DigestFinal_ex(context, &digest, nil) == 1, "DigestStream: finish failed")
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

/// SHA-256 digests, as 64 lower-case hexadecimal digits.
public enum Digest {
    public static func sha256(_ bytes: [UInt8]) -> String {
        bytes.withUnsafeBytes { sha256($0) }
    }

    public static func sha256(_ bytes: UnsafeRawBufferPointer) -> String {
        let stream = DigestStream()
        stream.write(bytes)
        return stream.finish()
    }

    /// Digest of the text's UTF-8.
    public static func sha256(_ text: String) -> String { sha256(Array(text.utf8)) }

    /// Digest of a file, read in blocks.
    public static func sha256(ofFile url: URL) throws -> String {
        let stream = DigestStream()
        try InputFile(url).forEachBlock { stream.write($0) }
        return stream.finish()
    }

    /// Digest of named byte strings in order. Each name and each value is preceded by its length (8 bytes,
    /// little endian), so that no two sequences run together to the same bytes.
    public static func sha256(of parts: some Sequence<(name: String, bytes: [UInt8])>) -> String {
        let stream = DigestStream()
        func put(_ bytes: [UInt8]) {
            withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { stream.write($0) }
            bytes.withUnsafeBytes { stream.write($0) }
        }
        for part in parts {
            put(Array(part.name.utf8))
            put(part.bytes)
        }
        return stream.finish()
    }

    /// Digest of a list of files: that of the text `sha256sum` prints for them (`<digest>  <name>` lines) in
    /// the order of the names' bytes, so `cd folder && sha256sum $(...) | sha256sum` gives it too.
    public static func sha256(ofFiles files: [(name: String, digest: String)]) -> String {
        let sorted = files.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        return sha256(sorted.map { "\($0.digest)  \($0.name)\n" }.joined())
    }

    /// Digest of a folder's files (`FolderListing`), names and contents, as `sha256(ofFiles:)`.
    public static func sha256(ofFolder url: URL, excluding: Set<String> = []) throws -> String {
        let names = try FolderListing.files(below: url).filter { !excluding.contains($0) }
        return sha256(ofFiles: try names.map { ($0, try sha256(ofFile: url.appendingPathComponent($0))) })
    }
}
