import Files

/// A server's answer to a request for a file, held against what is known of the file, and what of it goes
/// into the part.
final class Answer {
    private let download: Download
    private let part: PartialFile
    private let request: Transfer.Request
    /// Byte behind the last that this answer brings, where it says so.
    private var last: Int?
    /// Size of the file by this answer.
    private var total: Int?
    private let course: Download.Course
    /// Bytes that the part may have at most.
    private var bound: Int

    /// - Parameter course: where answers with another part than the one asked for are counted
    init(
        _ download: Download, _ part: PartialFile, _ request: Transfer.Request, _ course: Download.Course
    ) {
        (self.download, self.part, self.request, self.course) = (download, part, request, course)
        bound = download.bound
    }

    private func wrong(_ problem: String) -> FetchError { .wrongAnswer(url: request.url, problem: problem) }

    /// Decides by its head whether an answer is of use, and makes the part ready for its bytes.
    ///
    /// - Throws: `FetchError`; the part stays as it is, unless it is known to be worthless
    func judge(_ head: ResponseHead) throws {
        switch head.status {
        case 200:
            try checkBody(head)
            try download.check(total: head.contentLength)
            guard head.endIsKnown || download.bytes != nil || download.sha256 != nil else {
                throw wrong(
                    "the server does not say where the file ends, and the manifest knows neither size nor "
                        + "digest: a cut file could not be told from a whole one")
            }
            // The whole, though a part may have been asked for: another version, or a server without parts.
            (last, total) = (head.contentLength, head.contentLength)
            // What is large comes with its length. A body without one may have no end, and fill the disk.
            if total == nil, download.isBoundByLimit { bound = min(bound, Limit.fileBytes.value) }
            try part.begin(
                PartialFile.Origin(url: request.url, validator: head.validator, total: head.contentLength))
            download.event(
                .began(file: download.file, offset: 0, total: download.bytes ?? head.contentLength))
        case 206:
            try checkBody(head)
            try judge(part: head)
        case 416 where request.offset > 0:
            try part.empty()
            throw wrong("the server has no bytes from \(request.offset) on; the file begins again")
        default: throw FetchError.refused(url: request.url, status: head.status)
        }
    }

    private func judge(part head: ResponseHead) throws {
        guard request.offset > 0, let range = head.contentRange, let got = range.part,
            got.lowerBound == request.offset, head.contentLength.map({ $0 == got.count }) ?? true
        else {
            course.wrongParts += 1
            throw wrong("the server answers with another part than bytes \(request.offset) to the end")
        }
        if let asked = request.validator, let found = head.validator, asked != found {
            try part.empty()
            throw wrong("the file changed while it was fetched; it begins again")
        }
        if let total = range.total, let known = download.bytes ?? part.origin?.total, total != known {
            if download.bytes == nil { try part.empty() }
            throw wrong("the file has \(total) bytes there, expected \(known)")
        }
        course.wrongParts = 0
        (last, total) = (got.upperBound, range.total)
        download.event(
            .began(file: download.file, offset: request.offset, total: download.bytes ?? range.total))
    }

    /// What is no file of data: a page that asks to log in or says sorry, or compressed bytes.
    private func checkBody(_ head: ResponseHead) throws {
        guard ["", "identity"].contains(head.contentEncoding) else {
            throw wrong("the server compresses the file (\(head.contentEncoding)), though asked not to")
        }
        let isPage = head.contentType.hasPrefix("text/html")
        guard !isPage || download.target.pathExtension.hasPrefix("htm") else {
            throw wrong(
                "the server answers with a page for people instead of the file; look at it in a browser, and "
                    + "fetch the file by hand")
        }
    }

    /// Takes bytes of the body.
    func take(_ block: UnsafeRawBufferPointer) throws {
        guard block.count <= bound - part.bytes else {
            try part.empty()
            guard let bytes = download.bytes else { throw download.tooLarge(bound) }
            throw wrong("the server sends more than the \(bytes) bytes of the file")
        }
        if let last, block.count > last - part.bytes {
            throw wrong("the server sends more than it said")
        }
        try part.append(block)
        download.event(.received(bytes: block.count))
    }

    /// Whether everything has come, now that the answer is at its end.
    func end() throws {
        guard let total = download.bytes ?? part.origin?.total ?? total, part.bytes < total else { return }
        throw FetchError.unreachable(
            url: request.url, problem: "the answer ended after \(part.bytes) of \(total) bytes")
    }
}
