import Records

/// What became of every file that was asked for.
public struct FetchReport: Sendable {
    /// One file of a manifest.
    public struct Item: Sendable {
        /// Name of the manifest.
        public let manifest: String
        public let path: String
        public let isOptional: Bool
        public let outcome: Outcome
    }

    /// What became of a file.
    public enum Outcome: Sendable {
        /// It came now.
        case fetched(bytes: Int)
        /// It was there.
        case present(bytes: Int)
        /// It was there, and its size and digest were written down now.
        case recorded(bytes: Int)
        /// It is not there: only a look was asked for, or the source lacks it and it is optional.
        case missing
        /// It is not there, and no address is known.
        case byHand
        case failed(any Error)
    }

    /// In the order of the manifests.
    public internal(set) var items: [Item] = []

    /// Files that have to be got by hand.
    public var byHand: [Item] {
        items.filter { if case .byHand = $0.outcome { true } else { false } }
    }

    /// The first error: of a file that is needed, if there is one.
    public var firstError: (any Error)? {
        let failed = items.compactMap { item -> (isOptional: Bool, error: any Error)? in
            if case .failed(let error) = item.outcome { (item.isOptional, error) } else { nil }
        }
        return (failed.first { !$0.isOptional } ?? failed.first)?.error
    }

    /// Whether every file that a manifest needs is there.
    public var isComplete: Bool {
        items.allSatisfy { item in
            switch item.outcome {
            case .fetched, .present, .recorded: true
            case .missing, .byHand: item.isOptional
            case .failed: false
            }
        }
    }

    /// A line for each file, and the count of those that are there.
    public var lines: [String] {
        items.map { item in
            let kind = item.isOptional ? " (optional)" : ""
            return "\(item.outcome.word)  \(item.manifest)/\(item.path)\(item.outcome.detail)\(kind)"
        }
    }
}

extension FetchReport.Outcome {
    /// Eight columns.
    fileprivate var word: String {
        switch self {
        case .fetched: "fetched "
        case .present: "there   "
        case .recorded: "recorded"
        case .missing: "missing "
        case .byHand: "by hand "
        case .failed: "failed  "
        }
    }

    fileprivate var detail: String {
        switch self {
        case .fetched(let bytes), .present(let bytes), .recorded(let bytes): ", \(bytes) bytes"
        case .missing, .byHand: ""
        case .failed(let error): ": \(error)"
        }
    }
}
