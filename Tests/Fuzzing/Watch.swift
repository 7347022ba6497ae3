import Files
import Foundation

/// Runs a parser in a process of its own and looks after it.
struct Watch {
    /// An input may take this long and the process this much memory. What parsers may take themselves is far
    /// less: the machine may be busy.
    private static let (mostSeconds, mostBytes) = (20.0, 512 << 20)

    private let parser: Parser
    private let seed: UInt64
    private let out: URL

    init(_ parser: Parser, seed: UInt64, out: URL) {
        (self.parser, self.seed, self.out) = (parser, seed, out)
    }

    /// - Returns: how many inputs failed, 0 or 1: the first ends it
    func run(seconds: Double, executions: Int?) throws -> Int {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("fuzz-\(getpid())").path
        let board = try Board(path: path, creates: true)
        defer { unlink(path) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments =
            ["--parser", parser.name, "--seed", "\(seed)", "--seconds", "\(seconds)", "--worker", path]
            + (executions.map { ["--executions", "\($0)"] } ?? [])
        try process.run()
        var problem: String?
        var (last, since) = (-1, ContinuousClock.now)
        while process.isRunning {
            usleep(20_000)
            if board.executions != last { (last, since) = (board.executions, .now) }
            if ContinuousClock.now - since > .seconds(Self.mostSeconds) {
                problem = "has not ended after \(Self.mostSeconds) s"
            } else if residentBytes(process.processIdentifier) > Self.mostBytes {
                problem = "takes more than \(Self.mostBytes >> 20) MiB"
            }
            if problem != nil { kill(process.processIdentifier, SIGKILL) }
        }
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: Parser.scratch(process.processIdentifier))
        if problem == nil, process.terminationReason == .uncaughtSignal {
            problem = "ends with signal \(process.terminationStatus)"
        } else if problem == nil, process.terminationStatus != 0 {
            problem = "ends with status \(process.terminationStatus)"
        }
        guard let problem else { return 0 }
        try AtomicOutput.makeFolder(out)
        let input = board.input
        let file = out.appendingPathComponent("\(parser.name)-\(Digest.sha256(input).prefix(12))")
        try AtomicOutput.writeAtomically(input, to: file)
        print(
            "\(parser.name): \(problem) at execution \(board.executions) of seed \(seed); show it again "
                + "with\n"
                + "  .build/release/fuzz-parsers --parser \(parser.name) --input \(file.path)")
        fflush(nil)
        return 1
    }

    private func residentBytes(_ process: Int32) -> Int {
        let text = try? String(contentsOfFile: "/proc/\(process)/statm", encoding: .utf8)
        return (text?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * Int(getpagesize())
    }
}

/// Memory that a worker and its watch share: how many executions began, and the input of the latest.
final class Board {
    static let mostInputBytes = 1 << 18
    private static let head = 2 * MemoryLayout<Int>.stride
    private let memory: UnsafeMutableRawPointer

    init(path: String, creates: Bool) throws {
        let file = open(path, O_RDWR | (creates ? O_CREAT | O_TRUNC : 0), 0o600)
        guard file >= 0, ftruncate(file, off_t(Self.head + Self.mostInputBytes)) == 0,
            let mapped = mmap(
                nil, Self.head + Self.mostInputBytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0),
            mapped != MAP_FAILED
        else { throw FilesError.system(path: path, operation: "share it", code: errno) }
        close(file)
        memory = mapped
    }

    deinit { munmap(memory, Self.head + Self.mostInputBytes) }

    var executions: Int { memory.load(as: Int.self) }

    var input: [UInt8] {
        let count = memory.load(fromByteOffset: MemoryLayout<Int>.stride, as: Int.self)
        return Array(UnsafeRawBufferPointer(start: memory + Self.head, count: count))
    }

    func begin(_ input: [UInt8]) {
        memory.storeBytes(of: input.count, toByteOffset: MemoryLayout<Int>.stride, as: Int.self)
        input.withUnsafeBytes {
            if let base = $0.baseAddress { (memory + Self.head).copyMemory(from: base, byteCount: $0.count) }
        }
        memory.storeBytes(of: executions + 1, as: Int.self)
    }
}
