import Fetching
import Files
import Stage

/// What is said on stderr while files come: megabytes of all of them, and every attempt that failed.
struct FetchProgress {
    private let reporter = ProgressReporter("fetch-data", unit: "MB")
    private var bytes = 0

    mutating func take(_ event: FetchEvent) {
        switch event {
        case .began(let file, let offset, _):
            if offset > 0 { say("\(file) goes on behind byte \(offset)") }
        case .received(let count):
            bytes += count
            reporter.update(bytes / 1_000_000)
        case .failed(let file, let problem): say("\(file): \(problem); trying again")
        case .finished: break
        }
    }

    func finish() {
        if bytes > 0 { reporter.finish() }
    }

    private func say(_ line: String) { StandardError.write("fetch-data: \(Excerpt.message(line))") }
}
