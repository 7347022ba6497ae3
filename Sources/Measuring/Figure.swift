import Files
import Stage
import Tensors

/// Some runs of one piece of work on the clock.
public struct Runs: Sendable {
    public private(set) var seconds: [Double] = []
    /// Processor time of all threads, by run.
    public private(set) var cpuSeconds: [Double] = []
    /// Bytes that tensors took more in the runs that count than in those before them: 0 where memory is only
    /// used again.
    public private(set) var tensorGrowth = 0

    /// - Parameters:
    ///   - warmup: runs before those that count: they start threads and touch memory
    ///   - repeats: runs that count, at least one
    public init(warmup: Int, repeats: Int, _ body: () throws -> Void) rethrows {
        precondition(repeats > 0, "Runs: \(repeats) runs")
        var before = 0
        for run in 0..<warmup + repeats {
            if run == warmup { before = Machine.tensorBytes }
            let (clock, cpu) = (ContinuousClock.now, ResourceUsage.current().cpuSeconds)
            try body()
            guard run >= warmup else { continue }
            seconds.append((ContinuousClock.now - clock) / .seconds(1))
            cpuSeconds.append(ResourceUsage.current().cpuSeconds - cpu)
        }
        tensorGrowth = Machine.tensorBytes - before
    }

    /// Runs that were made apart, such as in turn with others.
    ///
    /// - Precondition: at least one
    init(joining parts: [Runs]) {
        precondition(!parts.isEmpty, "Runs: none to join")
        seconds = parts.flatMap(\.seconds)
        cpuSeconds = parts.flatMap(\.cpuSeconds)
        tensorGrowth = parts.reduce(0) { $0 + $1.tensorGrowth }
    }

    public var spread: Spread { Spread(seconds) }
    /// Processors kept busy.
    public var cpuPerWall: Double { cpuSeconds.reduce(0, +) / max(1e-9, seconds.reduce(0, +)) }
}

/// One measured number and what is known about it: a line of the output.
public struct Figure: Sendable {
    public let name: String
    public private(set) var line: JSONObject

    /// Peak memory is the process's so far, so a process measures one figure.
    public init(_ name: String, _ runs: Runs, facts: JSONObject = JSONObject()) {
        self.init(name, seconds: runs.spread, cpuPerWall: runs.cpuPerWall, facts: facts)
        // What the work took of the processors, whoever else was using them.
        add("cpu_seconds", .rounded(Spread(runs.cpuSeconds).median))
        add("tensor_mb", .rounded(Double(Machine.tensorBytes) / 1e6))
        add("tensor_growth_mb", .rounded(Double(runs.tensorGrowth) / 1e6))
    }

    public init(_ name: String, seconds: Spread, cpuPerWall: Double?, facts: JSONObject = JSONObject()) {
        self.name = name
        let peak = Double(ResourceUsage.current().peakResidentBytes) / 1e6
        line = JSONObject([
            (name: "figure", value: .string(name)), (name: "seconds", value: .rounded(seconds.median)),
            (name: "least_seconds", value: .rounded(seconds.least)),
            (name: "most_seconds", value: .rounded(seconds.most)), (name: "runs", value: .int(seconds.runs)),
            (name: "cpu_per_wall", value: cpuPerWall.map { .rounded($0) } ?? .null),
            (name: "peak_mb", value: .rounded(peak)),
        ])
        for (name, value) in facts.members { line[name] = value }
    }

    public mutating func add(_ name: String, _ value: JSONValue) { line[name] = value }

    /// Adds how near the useful work came to what matrix products alone reach here and now: by the clock, and
    /// by processor time, which says nothing of idle processors and little changes on a busy machine.
    public mutating func compare(withProducts products: ProductRate) {
        add("gemm_gflops", .rounded(products.gigaflops))
        guard let work = line["useful_gflop"]?.double else { return }
        if let seconds = line["seconds"]?.double {
            add("useful_gflops", .rounded(work / seconds))
            add("of_gemm_rate", .rounded(work / seconds / products.gigaflops))
        }
        if let seconds = line["cpu_seconds"]?.double {
            add("of_gemm_rate_by_cpu", .rounded(work / seconds / products.perProcessor))
        }
    }
}

/// How fast large matrix products are, 1e9 operations a second.
public struct ProductRate: Sendable {
    /// By the clock, all processors together.
    public let gigaflops: Double
    /// By processor time.
    public let perProcessor: Double
}

extension JSONValue {
    /// A number to four significant digits.
    public static func rounded(_ value: Double) -> JSONValue {
        guard value.isFinite, value != 0 else { return .number(value) }
        var scale = 1.0
        while abs(value) * scale < 1000, scale < 1e12 { scale *= 10 }
        return .number((value * scale).rounded() / scale)
    }
}
