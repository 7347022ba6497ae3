import Files
import Foundation
import Records

/// A copy of the data under `<manifest>/<path>`: another folder, or a server.
public enum Mirror: Equatable, Sendable {
    case folder(URL)
    /// Address without a slash at its end.
    case server(String)

    /// - Parameter text: an address that begins with http:// or https://, or a folder, also as file://
    public init(_ text: String) {
        let isAddress = ["http://", "https://"].contains { text.lowercased().hasPrefix($0) }
        let file = "file://"
        self =
            text.lowercased().hasPrefix(file)
            ? .folder(URL(fileURLWithPath: String(text.dropFirst(file.count))))
            : isAddress
                ? .server(String(text.reversed().drop { $0 == "/" }.reversed()))
                : .folder(URL(fileURLWithPath: text))
    }

    /// Where the file of a manifest is.
    func source(of path: String, manifest: String) -> FileSource {
        switch self {
        case .folder(let folder):
            return .file(folder.appendingPathComponent(manifest).appendingPathComponent(path))
        case .server(let address):
            let escaped = "\(manifest)/\(path)".utf8.map { byte in
                isPlain(byte) ? String(UnicodeScalar(byte)) : String(format: "%%%02X", Int(byte))
            }
            return .address("\(address)/\(escaped.joined())")
        }
    }

    /// Bytes that stand for themselves in the path of an address.
    private func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "/-._~".utf8.contains(byte)
        }
    }
}

/// Where one file comes from.
enum FileSource: Equatable {
    case address(String)
    case file(URL)
}
