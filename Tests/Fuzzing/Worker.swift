import Files
import Foundation

/// Mutates and runs inputs of one parser, in its own process.
struct Worker {
    /// Processor time that one small input may take.
    private static let mostSeconds = 5.0
    /// Inputs that are kept because their outcome was new.
    private static let mostKept = 400

    private let parser: Parser
    private let board: Board
    private var random: Mutator

    init(_ parser: Parser, seed: UInt64, board: Board) {
        (self.parser, self.board) = (parser, board)
        random = Mutator(seed: seed)
    }

    /// The inputs of the corpus as they are, then mutations: of the corpus, and of inputs whose error was one
    /// that had not been seen, which stands in for a measure of the code reached.
    func run(seconds: Double, executions: Int?) {
        var mutator = random
        var pool = parser.corpus
        var outcomes: Set<String> = []
        var (count, accepted, slowest) = (0, 0, 0.0)
        let end = ContinuousClock.now + .seconds(seconds)
        while executions.map({ count < $0 }) ?? (ContinuousClock.now < end) {
            let input =
                count < parser.corpus.count
                ? parser.corpus[count] : mutator.mutated(pool, good: parser.corpus.count)
            board.begin(input)
            let began = clock()
            let outcome = parser.outcome(input)
            let spent = Double(clock() - began) / Double(CLOCKS_PER_SEC)
            slowest = max(slowest, spent)
            guard spent < Self.mostSeconds else {
                print("\(parser.name): an input of \(input.count) bytes took \(spent) s")
                exit(3)
            }
            count += 1
            if outcome == Parser.accepted { accepted += 1 }
            if outcomes.insert(outcome).inserted, pool.count < parser.corpus.count + Self.mostKept {
                pool.append(input)
            }
        }
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let name = parser.name.padding(toLength: 14, withPad: " ", startingAt: 0)
        print(
            "\(name) \(count) executions, \(accepted) accepted, \(outcomes.count) outcomes, slowest "
                + "\(Int(slowest * 1000)) ms, \(usage.ru_maxrss >> 10) MiB")
    }
}
