import Files
import Foundation

/// Reads a metrics.jsonl while another process appends to it.
public struct MetricsFollower {
    public static let terms = ["sft", "iva", "kd", "tpa"]
    public let file: URL
    /// Of the last line; nil before the first.
    public private(set) var step: Int?
    public private(set) var totalSteps: Int?
    public private(set) var tokensPerSecond: Double?
    /// By step, as far back as is kept.
    public private(set) var losses: [Double] = []
    /// The last steps' terms, by name.
    private var recentTerms: [String: [Double]] = [:]
    /// Wall seconds of the last steps.
    private var recentSeconds: [Double] = []
    private var offset: UInt64 = 0
    private var rest: [UInt8] = []
    private static let recent = 50

    public init(_ file: URL) { self.file = file }

    /// Reads what was appended since the last call; a file that was made anew is read from its start.
    ///
    /// - Returns: whether there was anything new
    /// - Throws: `FilesError.missing`
    @discardableResult
    public mutating func update() throws -> Bool {
        guard let handle = try? FileHandle(forReadingFrom: file) else {
            throw FilesError.missing(path: file.path)
        }
        defer { try? handle.close() }
        let size = (try? handle.seekToEnd()) ?? 0
        if size < offset { self = MetricsFollower(file) }
        guard size > offset, (try? handle.seek(toOffset: offset)) != nil,
            let data = try? handle.readToEnd(), !data.isEmpty
        else { return false }
        offset += UInt64(data.count)
        rest += data
        let lines = rest.split(separator: 10, omittingEmptySubsequences: false)
        // The last part has no line feed yet.
        rest = Array(lines.last ?? [])
        for line in lines.dropLast() { take(Array(line)) }
        return true
    }

    private mutating func take(_ line: [UInt8]) {
        guard let value = try? JSONValue(parsing: line), case .int(let step)? = value["step"],
            let loss = Self.number(value["loss"])
        else { return }
        self.step = step
        if case .int(let total)? = value["total_steps"] { totalSteps = total }
        tokensPerSecond = Self.number(value["tokens_per_second"])
        losses.append(loss)
        for term in Self.terms {
            Self.push(Self.number(value["terms"]?[term]) ?? 0, to: &recentTerms[term, default: []])
        }
        if case .object(let parts)? = value["seconds"] {
            Self.push(parts.members.reduce(0) { $0 + (Self.number($1.value) ?? 0) }, to: &recentSeconds)
        }
    }

    private static func push(_ value: Double, to values: inout [Double]) {
        values.append(value)
        if values.count > recent { values.removeFirst() }
    }

    private static func number(_ value: JSONValue?) -> Double? {
        switch value {
        case .int(let number)?: Double(number)
        case .double(let number)?: number
        default: nil
        }
    }

    private static func mean(_ values: [Double]) -> Double? {
        values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }

    /// Seconds to the end at the pace of the last steps; nil where the file does not say how many steps there
    /// are.
    public var secondsLeft: Double? {
        guard let step, let totalSteps, let pace = Self.mean(recentSeconds) else { return nil }
        return Double(max(0, totalSteps - step - 1)) * pace
    }

    /// Lines for people: progress, the losses of the last steps, the loss from the first step to the last.
    ///
    /// - Parameters:
    ///   - name: what the run is called
    ///   - width: columns at most
    public func lines(_ name: String, width: Int) -> [String] {
        guard let step else { return ["\(name): no step yet"] }
        var head = ["\(name): step \(step + 1)\(totalSteps.map { " of \($0)" } ?? "")"]
        if let totalSteps, totalSteps > 0 { head.append("\((step + 1) * 100 / totalSteps)%") }
        if let pace = Self.mean(recentSeconds), pace > 0 {
            head.append("\(ProgressReporter.short(1 / pace)) steps/s")
        }
        if let tokensPerSecond { head.append("\(ProgressReporter.short(tokensPerSecond)) tokens/s") }
        if let secondsLeft {
            head.append(secondsLeft > 0 ? "\(ProgressReporter.duration(secondsLeft)) left" : "done")
        }
        let last = Self.mean(losses.suffix(Self.recent)) ?? .nan
        let terms = Self.terms.compactMap { term in
            Self.mean(recentTerms[term] ?? []).flatMap {
                $0 == 0 ? nil : "\(term) \(String(format: "%.3f", $0))"
            }
        }
        let losses = "  loss \(String(format: "%.3f", last))  \(terms.joined(separator: "  "))"
        let curve = "  " + Sparkline.text(self.losses, width: max(1, width - 2))
        return [head.joined(separator: ", "), losses, curve].map { String($0.prefix(max(1, width))) }
    }
}

extension MetricsFollower {
    /// The metrics.jsonl below a folder that changed last; nil where there is none.
    ///
    /// - Throws: `FilesError.missing` where there is no such folder
    public static func newest(below folder: URL) throws -> URL? {
        let files = try FolderListing.files(below: folder).filter {
            $0 == "metrics.jsonl" || $0.hasSuffix("/metrics.jsonl")
        }
        var newest: (url: URL, time: timespec)?
        for name in files {
            let url = folder.appendingPathComponent(name)
            var status = stat()
            guard stat(url.path, &status) == 0 else { continue }
            let time = status.st_mtim
            if let known = newest?.time, (known.tv_sec, known.tv_nsec) >= (time.tv_sec, time.tv_nsec) {
                continue
            }
            newest = (url, time)
        }
        return newest?.url
    }

    /// The run's folder relative to `folder`.
    public static func name(of file: URL, below folder: URL) -> String {
        let (path, top) = (
            file.deletingLastPathComponent().standardizedFileURL.path, folder.standardizedFileURL.path
        )
        return path.hasPrefix(top + "/")
            ? String(path.dropFirst(top.count + 1)) : file.deletingLastPathComponent().lastPathComponent
    }
}
