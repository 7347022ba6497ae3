import Files

/// Things that can go wrong with fetching; every text names the address or the file, and what to do.
public enum FetchError: ExitCoded, Equatable, CustomStringConvertible {
    /// The server cannot be reached, cuts the connection or says nothing for too long.
    case unreachable(url: String, problem: String)
    /// The server's certificate is not to be trusted.
    case untrusted(url: String, problem: String)
    /// The server has no such file, or does not give it to us.
    case refused(url: String, status: Int)
    /// What the server answers cannot be the file.
    case wrongAnswer(url: String, problem: String)
    /// Size or digest of what came, or of what is there.
    case differs(file: String, item: String, found: String, expected: String, origin: Origin)
    /// The mirror's folder lacks the file.
    case notInMirror(file: String)
    /// A link or something that is no file stands where a file belongs.
    case inTheWay(path: String, problem: String)
    /// Another process fetches into the folder.
    case busy(folder: String)
    /// The caller wants it to end.
    case interrupted
    /// No file of the manifests fits what `--only` asks for.
    case noMatch(patterns: [String])
    /// Two manifests of one name.
    case repeated(manifest: String)
    /// curl itself cannot be used.
    case noCurl(problem: String)

    /// Where the expected size or digest is written down.
    public enum Origin: Equatable, Sendable {
        case manifest(String)
        /// The lock file at this path.
        case lock(String)
        /// A file that has just come.
        case download(of: String)
    }

    public var description: String {
        switch self {
        case .unreachable(let url, _):
            "\(url): \(problem); what has come is kept, run the same command to go on"
        case .untrusted(let url, _):
            "\(url): \(problem); nothing was taken. Look at the machine's clock and ca-certificates, and at "
                + "what stands between it and the server"
        case .refused(let url, 404), .refused(let url, 410):
            "\(url): the server has no such file; look at the manifest's source page, or give a --mirror"
        case .refused(let url, let status) where status == 401 || status == 403:
            "\(url): the server gives it only to those who log in (\(status)): fetch it by hand"
        case .refused(let url, let status): "\(url): the server answers \(status); try again later"
        case .wrongAnswer(let url, let problem): "\(url): \(outside: problem)"
        case .differs(let file, let item, let found, let expected, let origin):
            "\(file): \(item) is \(found), expected \(expected) \(origin.text)"
        case .notInMirror(let file): "\(file): the mirror has no such file"
        case .inTheWay(let path, let problem): "\(path): \(problem): move it away and run again"
        case .busy(let folder): "\(folder): another process is fetching into it: wait for it"
        case .interrupted: "interrupted; run the same command to go on"
        case .noMatch(let patterns):
            "no file of the manifests fits --only \(patterns.joined(separator: " --only "))"
        case .repeated(let name): "the manifest '\(outside: name)' is named twice"
        case .noCurl(let problem): "libcurl cannot be used: \(problem)"
        }
    }

    /// What happened, in few words and without a remedy: for errors after which there is another attempt.
    var problem: String {
        switch self {
        case .unreachable(_, let problem), .untrusted(_, let problem), .wrongAnswer(_, let problem):
            "\(outside: problem)"
        case .refused(_, let status): "the server answers \(status)"
        case .differs(_, let item, _, _, _): "the \(item) of what came is wrong"
        default: description
        }
    }

    public var exitCode: Int32 {
        switch self {
        case .unreachable, .busy, .interrupted: ExitStatus.tryAgain
        case .refused(_, let status):
            (400..<500).contains(status) ? ExitStatus.missingInput : ExitStatus.tryAgain
        case .wrongAnswer, .differs: ExitStatus.badData
        case .notInMirror: ExitStatus.missingInput
        case .inTheWay, .untrusted: ExitStatus.inputOutput
        case .noMatch, .repeated: ExitStatus.usage
        case .noCurl: ExitStatus.internalError
        }
    }

    /// Whether the source has no such file.
    var isAbsence: Bool {
        switch self {
        case .refused(_, let status): status == 404 || status == 410
        case .notInMirror: true
        default: false
        }
    }

    /// Whether the same request may do better at once; what is missing or refused stays so.
    var isPassing: Bool {
        switch self {
        case .unreachable, .wrongAnswer: true
        case .refused(_, let status): status == 408 || status == 429 || status >= 500
        case .differs(_, _, _, _, .download): true
        default: false
        }
    }
}

extension FetchError.Origin {
    fileprivate var text: String {
        switch self {
        case .manifest(let name):
            "as in the manifest of \(name): it changed or is another version; move it away to fetch it anew"
        case .lock(let path):
            "as recorded in \(path) when it first came: it changed or is another version; move it away to "
                + "fetch it anew, or delete its entry there to accept it"
        case .download(let url):
            "of what \(url) gives; it was not kept. Another version of it is published, or something between "
                + "changes it"
        }
    }
}
