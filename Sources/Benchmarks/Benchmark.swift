import Files
import Foundation

/// A benchmark: reads its official files, poses its questions, scores answers to them.
///
/// To add one, write a type in a file of its own and put it into `BenchmarkList.paper`; a test set of
/// questions and answers needs no code (`QuestionsAndAnswers`).
public protocol Benchmark: Sendable {
    /// The name on the command line and in files: `pope`.
    static var name: String { get }
    /// The column's heading: `POPE`.
    static var title: String { get }
    /// How the model answers.
    static var answering: AnsweringRules { get }
    /// The numbers of the official release, by name; `counts` are compared with them.
    static var officialCounts: [String: Int] { get }

    /// Reads and checks the official files in `folder`.
    init(folder: URL) throws

    // The same of one test set of several of a type.
    var name: String { get }
    var title: String { get }
    var answering: AnsweringRules { get }
    var officialCounts: [String: Int] { get }
    /// The data manifest it belongs to, by its name; nil where there is none.
    var manifest: String? { get }

    var folder: URL { get }
    /// The file or folder it was opened by.
    var location: URL { get }
    /// The texts below `folder` that its questions and gold answers come from; nil stands for all.
    var texts: [String]? { get }
    /// In the order to ask them. Empty where the folder holds what scoring needs but not what asking needs;
    /// `notices` say so.
    var questions: [Question] { get }
    /// How many of what each file holds.
    var counts: [Count] { get }
    /// Remarks on these files for a careful user, a sentence each.
    var notices: [String] { get }

    /// Scores answers by the reference scorer's rules.
    func score(_ answers: AnswerFile) throws -> BenchmarkScore
}

/// How many of something a file of a benchmark holds.
public struct Count: Sendable {
    /// Name of the things counted, as `officialCounts` has it.
    public let name: String
    /// File they were counted in.
    public let file: String
    /// How many there are.
    public let number: Int
}

/// How answers to a benchmark's questions are generated: always greedily, and ended by EOS as well.
public struct AnsweringRules: Sendable {
    /// Most tokens of an answer.
    public let maximumNewTokens: Int
    /// Ends the answer where it appears in the decoded text.
    public let stopString: String
    /// True where the image is squashed to the encoder's square whatever the checkpoint's
    /// `image_aspect_ratio` says.
    public let alwaysSquashes: Bool
    let cleaning: Cleaning

    enum Cleaning {
        /// Delete every `<|endoftext|>`, then trim.
        case deleteEverywhere
        /// Trim; take each of these off the end once, in order; trim.
        case cutFromEnd([String])
    }

    static let shortAnswer = AnsweringRules(
        maximumNewTokens: 128, stopString: endOfText, alwaysSquashes: false, cleaning: .deleteEverywhere)
    static let endOfText = "<|endoftext|>"

    /// From the decoder's output (special tokens already dropped) to the record's `text`.
    public func clean(_ output: String) -> String {
        switch cleaning {
        case .deleteEverywhere:
            return output.replacing(every: AnsweringRules.endOfText, with: "").trimmed
        case .cutFromEnd(let endings):
            var text = output.trimmed.scalars
            for ending in endings.map(\.scalars)
            where text.count >= ending.count && text.suffix(ending.count).elementsEqual(ending) {
                text.removeLast(ending.count)
            }
            return String(text).trimmed
        }
    }
}

extension Benchmark {
    public var name: String { Self.name }
    public var title: String { Self.title }
    public var answering: AnsweringRules { Self.answering }
    public var officialCounts: [String: Int] { Self.officialCounts }
    public var manifest: String? { name }
    public var location: URL { folder }
    public var texts: [String]? { nil }

    /// Throws where a count differs from `expected`, a manifest's `expected_counts`. (A manifest may serve
    /// several benchmarks, so numbers under names that are not this one's are free, as long as one is.)
    public func check(expected: [String: Int]) throws {
        let own = counts.filter { expected[$0.name] != nil }
        guard expected.isEmpty || !own.isEmpty else {
            throw BenchmarkError.otherVersion(
                file: folder.path,
                found: "none of the manifest's counts \(expected.keys.sorted().joined(separator: ", "))",
                expected: counts.map(\.name).joined(separator: ", "),
                remedy: "correct 'expected_counts' in the manifest")
        }
        for count in own where expected[count.name] != count.number {
            throw BenchmarkError.otherVersion(
                file: folder.file(count.file).path, found: "\(count.number) \(count.name)",
                expected: "\(expected[count.name] ?? 0)",
                remedy: "this is another version than the manifest's; see its 'obtain'")
        }
    }

    /// A digest of `texts`, or of every text of the folder (JSON, JSON Lines, TSV, TXT): all that a score
    /// depends on but the answers.
    public func digest() throws -> String {
        let texts =
            try texts
            ?? FolderListing.files(below: folder).filter { path in
                [".json", ".jsonl", ".tsv", ".txt"].contains { path.hasSuffix($0) }
            }
        return Digest.sha256(
            ofFiles: try texts.map { (name: $0, digest: try Digest.sha256(ofFile: folder.file($0))) })
    }

    /// Sentence on how this folder differs from the official release; nil where all counts agree.
    public var differenceFromOfficial: String? {
        let different = counts.filter {
            officialCounts[$0.name] != nil && officialCounts[$0.name] != $0.number
        }
        guard !different.isEmpty else { return nil }
        let list =
            different.prefix(3).map {
                "\($0.number) \($0.name) (official \(officialCounts[$0.name] ?? 0))"
            }
            + (different.count > 3 ? ["and \(different.count - 3) more"] : [])
        return
            "not the official release, so its scores compare with no published ones: "
            + "\(list.joined(separator: ", "))"
    }

    /// `notices` and how this folder differs from the official release, each with the benchmark's name before
    /// it.
    public var allNotices: [String] {
        (notices + [differenceFromOfficial].compactMap { $0 }).map { "\(name): \($0)" }
    }
}
