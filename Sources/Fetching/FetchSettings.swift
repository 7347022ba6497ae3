/// How patient fetching is, and how much it does at once.
public struct FetchSettings: Sendable {
    /// Files that are fetched at the same time.
    public var parallel = 4
    /// Attempts in a row, of one file, that bring nothing; the last one's error is that of the file.
    public var tries = 5
    /// Before the second attempt; each further one waits twice as long, half a minute at most.
    public var pauseSeconds = 1.0
    /// How long a connection may stay silent.
    public var stallSeconds = 60
    /// How long a server may take to answer the call for a connection.
    public var connectSeconds = 30
    /// Redirects that are followed.
    public var redirects = 8

    public init() {}
}

/// What happens while files are fetched; `file` is the manifest's name and the path: `pope/coco/x.json`.
public enum FetchEvent: Sendable {
    /// Bytes begin to come, `offset` of them are here from before; `total` is nil where nobody knows it.
    case began(file: String, offset: Int, total: Int?)
    /// Bytes came.
    case received(bytes: Int)
    /// An attempt failed and there will be another.
    case failed(file: String, problem: String)
    /// The file is there, whole and digested.
    case finished(file: String, bytes: Int)
}
