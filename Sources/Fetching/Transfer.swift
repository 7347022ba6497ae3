import CCurl
import Foundation

/// One request to a server by libcurl, redirects followed, and what comes of it.
///
/// curl calls back in the thread of `run`, so nothing here needs a lock.
final class Transfer {
    /// What is asked for.
    struct Request {
        let url: String
        /// First byte that is wanted.
        let offset: Int
        /// The rest is wanted of this version only; of another, the whole. Nil: of whatever is there.
        let validator: String?
    }

    private let request: Request
    private let settings: FetchSettings
    private let judge: (ResponseHead) throws -> Void
    private let take: (UnsafeRawBufferPointer) throws -> Void
    private let stop: () -> Bool
    private var head = ResponseHead()
    private var isJudged = false
    private var failure: (any Error)?

    /// - Parameters:
    ///   - judge: called once, when the head is there and before any byte of the body; throws for an answer
    ///     that is of no use
    ///   - take: takes bytes of the body
    ///   - stop: asked every second at least; true ends the transfer
    init(
        _ request: Request, settings: FetchSettings, judge: @escaping (ResponseHead) throws -> Void,
        take: @escaping (UnsafeRawBufferPointer) throws -> Void, stop: @escaping () -> Bool
    ) {
        (self.request, self.settings, self.stop) = (request, settings, stop)
        (self.judge, self.take) = (judge, take)
    }

    /// The first use of curl makes it ready, once in a process.
    private static let initialization = cc_global_init()

    /// Asks, and hands on what comes, until the server's answer is at its end.
    ///
    /// - Throws: `FetchError`; what `judge` and `take` throw
    func run() throws {
        guard Self.initialization == CURLE_OK, let curl = curl_easy_init() else {
            throw FetchError.noCurl(problem: String(cString: curl_easy_strerror(Self.initialization)))
        }
        defer { curl_easy_cleanup(curl) }
        let headers = try headers()
        defer { curl_slist_free_all(headers) }
        var message = [CChar](repeating: 0, count: Int(CURL_ERROR_SIZE))
        let code = try message.withUnsafeMutableBufferPointer { message in
            try prepare(curl, headers: headers, message: message.baseAddress)
            // The buffer goes before curl does.
            defer { _ = cc_set_pointer(curl, CURLOPT_ERRORBUFFER, nil) }
            return withExtendedLifetime(self) { curl_easy_perform(curl) }
        }
        if let failure { throw failure }
        guard code == CURLE_OK else { throw error(code, message: message) }
        try judgeOnce()
    }

    private func headers() throws -> UnsafeMutablePointer<curl_slist>? {
        // Bytes are kept and digested as they are published, so nothing may compress them on the way.
        var lines = ["Accept-Encoding: identity"]
        if request.offset > 0 {
            lines.append("Range: bytes=\(request.offset)-")
            if let validator = request.validator { lines.append("If-Range: \(validator)") }
        }
        var list: UnsafeMutablePointer<curl_slist>?
        for line in lines {
            guard let longer = curl_slist_append(list, line) else {
                curl_slist_free_all(list)
                throw FetchError.noCurl(problem: "out of memory")
            }
            list = longer
        }
        return list
    }

    private func prepare(
        _ curl: UnsafeMutableRawPointer, headers: UnsafeMutablePointer<curl_slist>?,
        message: UnsafeMutablePointer<CChar>?
    ) throws {
        let this = Unmanaged.passUnretained(self).toOpaque()
        // What was asked for in a way that nobody can change on the way stays so.
        let isSafe = request.url.lowercased().hasPrefix("https:")
        let codes = [
            cc_set_pointer(curl, CURLOPT_ERRORBUFFER, message),
            cc_set_text(curl, CURLOPT_URL, request.url),
            cc_set_text(curl, CURLOPT_PROTOCOLS_STR, "http,https"),
            cc_set_text(curl, CURLOPT_REDIR_PROTOCOLS_STR, isSafe ? "https" : "http,https"),
            cc_set_long(curl, CURLOPT_FOLLOWLOCATION, 1),
            cc_set_long(curl, CURLOPT_MAXREDIRS, settings.redirects),
            cc_set_long(curl, CURLOPT_SSL_VERIFYPEER, 1),
            cc_set_long(curl, CURLOPT_SSL_VERIFYHOST, 2),
            cc_set_text(curl, CURLOPT_USERAGENT, "align-ti fetch-data"),
            cc_set_list(curl, CURLOPT_HTTPHEADER, headers),
            // Threads share the process's signals, which curl would use for its time-outs.
            cc_set_long(curl, CURLOPT_NOSIGNAL, 1),
            cc_set_long(curl, CURLOPT_CONNECTTIMEOUT, settings.connectSeconds),
            cc_set_long(curl, CURLOPT_LOW_SPEED_LIMIT, 1),
            cc_set_long(curl, CURLOPT_LOW_SPEED_TIME, settings.stallSeconds),
            cc_set_long(curl, CURLOPT_NOPROGRESS, 0),
            cc_set_progress(curl, askProgress), cc_set_pointer(curl, CURLOPT_XFERINFODATA, this),
            cc_set_receiver(curl, CURLOPT_HEADERFUNCTION, receiveHead),
            cc_set_pointer(curl, CURLOPT_HEADERDATA, this),
            cc_set_receiver(curl, CURLOPT_WRITEFUNCTION, receiveBody),
            cc_set_pointer(curl, CURLOPT_WRITEDATA, this),
        ]
        guard let refused = codes.first(where: { $0 != CURLE_OK }) else { return }
        throw FetchError.noCurl(problem: String(cString: curl_easy_strerror(refused)))
    }

    private func error(_ code: CURLcode, message: [CChar]) -> FetchError {
        if code == CURLE_ABORTED_BY_CALLBACK { return .interrupted }
        let said = String(decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let problem = said.isEmpty ? String(cString: curl_easy_strerror(code)) : said
        switch code {
        case CURLE_TOO_MANY_REDIRECTS, CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT,
            CURLE_WEIRD_SERVER_REPLY:
            return .wrongAnswer(url: request.url, problem: problem)
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR:
            return .untrusted(url: request.url, problem: problem)
        default: return .unreachable(url: request.url, problem: problem)
        }
    }

    private func judgeOnce() throws {
        guard !isJudged else { return }
        isJudged = true
        try judge(head)
    }

    /// Whether curl may go on.
    private func keeping(_ body: () throws -> Void) -> Bool {
        do {
            try body()
            return true
        } catch {
            failure = error
            return false
        }
    }

    fileprivate func receive(head line: UnsafeRawBufferPointer) { head.take(line: line) }

    fileprivate func receive(body block: UnsafeRawBufferPointer) -> Bool {
        keeping {
            try judgeOnce()
            try take(block)
        }
    }

    fileprivate var isToStop: Bool { stop() }
}

private func transfer(_ context: UnsafeMutableRawPointer) -> Transfer {
    Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
}

private func receiveHead(
    bytes: UnsafeMutablePointer<CChar>?, size: Int, count: Int, context: UnsafeMutableRawPointer?
) -> Int {
    guard let bytes, let context else { return 0 }
    transfer(context).receive(head: UnsafeRawBufferPointer(start: bytes, count: size * count))
    return size * count
}

private func receiveBody(
    bytes: UnsafeMutablePointer<CChar>?, size: Int, count: Int, context: UnsafeMutableRawPointer?
) -> Int {
    guard let bytes, let context else { return 0 }
    let block = UnsafeRawBufferPointer(start: bytes, count: size * count)
    // A number other than that of the bytes ends the transfer.
    return transfer(context).receive(body: block) ? block.count : block.count + 1
}

private func askProgress(
    context: UnsafeMutableRawPointer?, _: curl_off_t, _: curl_off_t, _: curl_off_t, _: curl_off_t
) -> Int32 {
    guard let context else { return 1 }
    return transfer(context).isToStop ? 1 : 0
}
