import Files
import Records

/// Findings of a benchmark's scorer.
public struct BenchmarkScore: Sendable {
    /// Name of the benchmark.
    public let benchmark: String
    /// The number of the table; nil where the reference's is undefined.
    public let headline: Double?
    /// Name of the headline for people: `mean F1 of three subsets x 100`.
    public let headlineName: String
    /// How answers and questions met.
    public let counts: AnswerCounts
    /// All numbers and breakdowns, named as the reference scorers name them; null is undefined.
    public let details: JSONValue
    /// One entry per scored record or question.
    public let items: [ItemScore]
    /// Notices that must not pass unseen.
    public internal(set) var notices: [String]

    /// The score as `scores.json` keeps it, without the items.
    public var record: ScoresFile.Score {
        ScoresFile.Score(
            headline: headline,
            rest: [
                "headline_name": .string(headlineName), "answers": counts.json, "details": details,
                "notices": .array(notices.map { .string($0) }),
            ])
    }
}

/// How answers and questions met.
public struct AnswerCounts: Sendable {
    /// Questions that ought to be answered.
    public var questions = 0
    /// Questions whose answer went into the headline.
    public var scored = 0
    /// Questions without an answer.
    public var missing = 0
    /// Answers that a later answer to the same question replaced.
    public var duplicate = 0
    /// Answers to no question of this benchmark.
    public var unknown = 0
    /// Answers to questions that are known but not scored (GQA's unbalanced ones).
    public var unscored = 0

    var json: JSONValue {
        .of(
            ("questions", .int(questions)), ("scored", .int(scored)), ("missing", .int(missing)),
            ("duplicate", .int(duplicate)), ("unknown", .int(unknown)),
            ("unscored", .int(unscored)))
    }

    /// One sentence for each thing that is not as it should be.
    var notices: [String] {
        var notices: [String] = []
        if missing > 0 {
            notices.append("\(missing) of \(questions) questions have no answer: not publishable")
        }
        if duplicate > 0 { notices.append("\(duplicate) answers repeat a question: the last one counts") }
        if unknown > 0 { notices.append("\(unknown) answers belong to no question and were left out") }
        if unscored > 0 { notices.append("\(unscored) answers belong to questions that are not scored") }
        return notices
    }
}

/// How one answer was judged.
public struct ItemScore: Sendable {
    /// Id of the question.
    public let id: QuestionID
    /// The model's text; nil where there is no answer.
    public let text: String?
    /// Answer that the reference's rules find in the text; nil where they find none.
    public let extracted: String?
    /// Right answer.
    public let gold: String
    /// 1 right, 0 wrong, between in TextVQA.
    public let credit: Double
    /// The breakdown it belongs to: subset, subtask, category.
    public let group: String
    /// A second id where one exists (TextVQA's question_id, MMBench's base question).
    public let reference: String

    init(
        id: QuestionID, text: String?, extracted: String?, gold: String, credit: Double, group: String = "",
        reference: String = ""
    ) {
        self.id = id
        self.text = text
        self.extracted = extracted
        self.gold = gold
        self.credit = credit
        self.group = group
        self.reference = reference
    }

    /// Outcome in a word: right, wrong, partly right or missing.
    public var verdict: String {
        if text == nil { return "missing" }
        return credit >= 1 ? "right" : credit > 0 ? "partly right" : "wrong"
    }

    /// One line: id, raw text, what was extracted, gold, verdict; texts as JSON strings, so that every space
    /// shows.
    public var explanation: String {
        let raw = text.map { JSONValue.string($0).encoded() } ?? "no answer"
        let found = extracted.map { JSONValue.string($0).encoded() } ?? "nothing"
        let share = verdict == "partly right" ? " (\(credit))" : ""
        return
            "\(id)\(group.isEmpty ? "" : " [\(group)]"): \(raw) -> \(found), gold "
            + "\(JSONValue.string(gold).encoded()): \(verdict)\(share)"
    }
}

/// Hits out of tries.
struct Tally {
    var hits = 0.0
    var tries = 0

    mutating func add(_ credit: Double) {
        hits += credit
        tries += 1
    }

    mutating func add(_ hit: Bool) { add(hit ? 1 : 0) }

    /// nil where nothing was tried.
    var share: Double? { tries == 0 ? nil : hits / Double(tries) }
    var percent: Double? { share.map { $0 * 100 } }

    /// `{"accuracy": percent, "n": tries}`
    var json: JSONValue { .of(("accuracy", JSONValue(percent)), ("n", .int(tries))) }
}

/// Tallies by name, in order of first appearance.
struct Breakdown {
    private var names: [String] = []
    private var tallies: [ExactKey: Tally] = [:]

    mutating func add(_ name: String, _ credit: Double) {
        let key = ExactKey(name)
        if tallies[key] == nil { names.append(name) }
        tallies[key, default: Tally()].add(credit)
    }

    /// Name -> what `body` makes of its tally; numbers in numeric order, other names as they came.
    func json(_ body: (Tally) -> JSONValue = { $0.json }) -> JSONValue {
        let sorted =
            names.allSatisfy { Int($0) != nil } ? names.sorted { (Int($0) ?? 0) < (Int($1) ?? 0) } : names
        return .object(
            JSONObject(sorted.map { (name: $0, value: body(tallies[ExactKey($0)] ?? Tally())) }))
    }
}
