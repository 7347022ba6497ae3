import Files
import Foundation

/// A server on 127.0.0.1 that answers each request as its test says: honestly, or not.
final class HostileServer: Sendable {
    /// What a client asked for.
    struct Request: Sendable {
        /// Without the slash.
        let path: String
        /// First byte of the part; nil where the whole is asked for.
        let offset: Int?
        let ifRange: String?
    }

    enum Answer: Sendable {
        /// What a good server says.
        case honest
        /// A good head, and a body that ends after so many bytes, with a reset or not.
        case cut(after: Int, isReset: Bool = false)
        /// A good head, and silence after so many bytes.
        case stall(after: Int)
        /// A length that is not that of the body.
        case length(off: Int)
        /// The whole, whatever part was asked for.
        case whole
        /// A part that begins so many bytes off.
        case part(off: Int)
        /// The part that was asked for, of whatever version is there.
        case partOfWhateverIsThere
        /// Another file of the same size, each byte changed, with a good head.
        case wrongBytes
        case redirect(to: String)
        case status(Int)
        /// 200, the whole, without a length.
        case noLength(isCutAfter: Int? = nil)
        case endless
        case page
        /// Not a word.
        case nothing
    }

    private struct State {
        var files: [String: (bytes: [UInt8], tag: String)] = [:]
        var requests: [Request] = []
        var sent: [String: Int] = [:]
    }

    let port: Int
    private let listener: Int32
    private let state = Guarded(State())
    private let answer: @Sendable (Request) -> Answer

    init(_ files: [String: [UInt8]], answer: @escaping @Sendable (Request) -> Answer = { _ in .honest }) {
        self.answer = answer
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let socket = listener
        withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                precondition(bind(socket, $0, size) == 0 && listen(socket, 64) == 0)
                getsockname(socket, $0, &size)
            }
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        for (name, bytes) in files { put(name, bytes) }
        let thread = Thread { [self] in
            while case let client = accept(socket, nil, nil), client >= 0 {
                let conversation = Thread {
                    self.serve(client)
                    close(client)
                }
                conversation.start()
            }
        }
        thread.start()
    }

    /// Ends it; the test that made it does.
    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    func url(_ name: String) -> String { "http://127.0.0.1:\(port)/\(name)" }
    func put(_ name: String, _ bytes: [UInt8], tag: String = "\"1\"") {
        state.withLock { $0.files[name] = (bytes, tag) }
    }
    var requests: [Request] { state.withLock { $0.requests } }
    /// Bytes of bodies that were sent.
    var sent: Int { state.withLock { $0.sent.values.reduce(0, +) } }

    private func serve(_ client: Int32) {
        guard let request = read(client) else { return }
        let file = state.withLock { state in
            state.requests.append(request)
            return state.files[request.path]
        }
        let answer = answer(request)
        guard let file else { return head(client, 404, [], length: 0) }
        // A part is given of the version that is asked for only.
        var isPart = request.offset != nil && (request.ifRange ?? file.tag) == file.tag
        if case .partOfWhateverIsThere = answer { isPart = request.offset != nil }
        let (all, offset, isRange) = (file.bytes, isPart ? request.offset ?? 0 : 0, isPart)
        let tag = ["ETag: \(file.tag)"]
        func good(_ bytes: [UInt8], upTo end: Int = .max, off: Int = 0, length: Int = 0) {
            guard offset < max(all.count, 1) else {
                return head(client, 416, ["Content-Range: bytes */\(all.count)"], length: 0)
            }
            let part = bytes[min(max(0, offset + off), bytes.count)...]
            let range =
                "Content-Range: bytes \(offset + off)-\(offset + off + part.count - 1)/\(all.count)"
            head(client, isRange ? 206 : 200, tag + (isRange ? [range] : []), length: part.count + length)
            body(client, request.path, part.prefix(end))
        }
        switch answer {
        case .honest, .partOfWhateverIsThere: good(all)
        case .cut(let end, let isReset):
            good(all, upTo: end)
            var linger = linger(l_onoff: isReset ? 1 : 0, l_linger: 0)
            setsockopt(
                client, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
        case .stall(let end):
            good(all, upTo: end)
            var wait = pollfd(fd: client, events: Int16(POLLIN), revents: 0)
            poll(&wait, 1, 10_000)  // Until the client goes.
        case .length(let off): good(all, length: off)
        case .part(let off): good(all, off: off)
        case .wrongBytes: good(all.map { $0 ^ 1 })
        case .whole:
            head(client, 200, tag, length: all.count)
            body(client, request.path, all[...])
        case .redirect(let target): head(client, 302, ["Location: \(target)"], length: 0)
        case .status(let code): head(client, code, [], length: 0)
        case .noLength(let end):
            head(client, 200, [], length: nil)
            body(client, request.path, all.prefix(end ?? .max))
        case .endless:
            head(client, 200, [], length: nil)
            let block = [UInt8](repeating: 0, count: 1 << 16)
            while put(client, block[...]) {}
        case .page:
            head(client, 200, ["Content-Type: text/html; charset=utf-8"], length: 9)
            _ = put(client, Array("log in!!\n".utf8)[...])
        case .nothing: break
        }
    }

    private func read(_ client: Int32) -> Request? {
        var text: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 4_096)
        while !text.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            let count = recv(client, &block, block.count, 0)
            guard count > 0 else { return nil }
            text += block[..<count]
        }
        let lines = String(decoding: text, as: UTF8.self).split(separator: "\r\n")
        func field(_ name: String) -> String? {
            lines.first { $0.lowercased().hasPrefix(name + ":") }.map {
                $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces)
            }
        }
        guard let path = lines.first?.split(separator: " ").dropFirst().first else { return nil }
        let offset = field("range")?.firstMatch(of: #/bytes=(\d+)-$/#).flatMap { Int($0.output.1) }
        return Request(path: String(path.dropFirst()), offset: offset, ifRange: field("if-range"))
    }

    private func head(_ client: Int32, _ status: Int, _ fields: [String], length: Int?) {
        let lines =
            ["HTTP/1.1 \(status) \(status)", "Connection: close"] + fields
            + (length.map { ["Content-Length: \($0)"] } ?? [])
        _ = put(client, Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)[...])
    }

    private func body(_ client: Int32, _ path: String, _ bytes: ArraySlice<UInt8>) {
        state.withLock { $0.sent[path, default: 0] += bytes.count }
        _ = put(client, bytes)
    }

    private func put(_ client: Int32, _ bytes: ArraySlice<UInt8>) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}

/// Calls `body` with a server that is stopped afterwards.
func withServer<Result>(
    _ files: [String: [UInt8]],
    answer: @escaping @Sendable (HostileServer.Request) -> HostileServer.Answer = { _ in .honest },
    _ body: (HostileServer) throws -> Result
) throws -> Result {
    let server = HostileServer(files, answer: answer)
    defer { server.stop() }
    return try body(server)
}
