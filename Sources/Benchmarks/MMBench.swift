import Files
import Foundation

/// MMBench (English dev, 2023-07-12): multiple choice, each question with its options in several rotations,
/// all of which must be answered rightly.
public struct MMBench: Benchmark {
    public static let name = "mmbench"
    public static let title = "MMB"
    public static let answering = AnsweringRules(
        maximumNewTokens: 1_024, stopString: AnsweringRules.endOfText, alwaysSquashes: false,
        cleaning: .cutFromEnd([AnsweringRules.endOfText]))
    public static let officialCounts = ["rows": 4_377, "questions": 1_176]

    static let table = "mmbench_dev_20230712.tsv"
    /// Rows of one question are this far apart.
    package static let rotation = 1_000_000

    public let folder: URL
    public let questions: [Question]
    public let counts: [Count]
    public let notices: [String] = []
    private let rows: [Row]

    struct Row {
        let index: Int
        /// Options that the scorers see, by letter A to D; an absent one is missing.
        let options: [Question.Option]
        let answer: String
        let category: String
        let ability: String

        var base: Int { index % MMBench.rotation }
    }

    public init(folder: URL) throws {
        self.folder = folder
        let source = try SourceFile(MMBench.table, in: folder, of: MMBench.title)
        let reader = try Reader(TabSeparatedFile(source))
        (rows, questions) = try reader.read()
        let bases = Set(rows.filter { $0.index < MMBench.rotation }.map(\.index))
        if let orphan = rows.first(where: { !bases.contains($0.base) }) {
            throw BenchmarkError.otherVersion(
                file: source.name,
                found: "row \(orphan.index) is a rotation of question \(orphan.base), which has no row",
                expected: "every question's own row", remedy: "download the file again")
        }
        counts = [
            Count(name: "rows", file: MMBench.table, number: rows.count),
            Count(name: "questions", file: MMBench.table, number: bases.count),
        ]
    }

    /// Reads the table's rows.
    private struct Reader {
        let table: TabSeparatedFile
        let index, question, hint, answer, category, ability: Int
        let image: Int?
        let options: [(letter: String, column: Int)]

        init(_ table: TabSeparatedFile) throws {
            self.table = table
            index = try table.column("index")
            question = try table.column("question")
            hint = try table.column("hint")
            answer = try table.column("answer")
            category = try table.column("category")
            ability = try table.column("l2-category")
            image = try? table.column("image")
            options = try ["A", "B", "C", "D"].map { ($0, try table.column($0)) }
        }

        func read() throws -> ([Row], [Question]) {
            var rows: [Row] = []
            var seen: Set<Int> = []
            var pictures = MMBenchPictures(file: table.name)
            for row in table.rows {
                let made = try self.row(row)
                guard seen.insert(made.index).inserted else {
                    throw error(
                        row, "index", "\(made.index), which an earlier row has", "an index of its own")
                }
                pictures.add(image.map { row.fields[$0] }, row: made.index, of: made.base, line: row.line)
                rows.append(made)
            }
            let questions = try zip(rows, table.rows).map { made, row in
                try ask(made, row, pictures.source(ofRow: made.index))
            }
            return (rows, questions)
        }

        private func error(_ row: TabSeparatedFile.Row, _ field: String, _ found: String, _ expected: String)
            -> FilesError
        {
            .badField(place: "\(table.name):\(row.line)", field: field, found: found, expected: expected)
        }

        private func text(_ row: TabSeparatedFile.Row, _ column: Int) throws -> String {
            guard let text = String(validating: row.fields[column], as: UTF8.self) else {
                throw error(row, table.header[column], "not UTF-8", "text")
            }
            return text
        }

        private func row(_ row: TabSeparatedFile.Row) throws -> Row {
            guard let number = MMBench.rowNumber(try text(row, index)) else {
                throw error(row, "index", "\"\(try text(row, index))\"", "a whole number")
            }
            let present = try options.compactMap { letter, column in
                let option = try text(row, column)
                return isMissingInTable(option) ? nil : Question.Option(letter: letter, text: option)
            }
            let letter = try text(row, answer)
            guard present.contains(where: { $0.letter.isExactly(letter) }) else {
                throw error(
                    row, "answer", "\"\(letter)\"",
                    "one of the row's options \(present.map(\.letter).joined(separator: ", "))")
            }
            return Row(
                index: number, options: present, answer: letter, category: try text(row, category),
                ability: try text(row, ability))
        }

        private func ask(_ made: Row, _ row: TabSeparatedFile.Row, _ image: ImageSource) throws -> Question {
            let hint = try text(row, hint)
            let shown = made.options.prefix { !isMissingInPrompt($0.text) }
            var saved = isMissingInPrompt(hint) ? "" : "\(hint)\n"
            saved += try text(row, question)
            // The options stop at the first missing one.
            let options = zip(options, shown).prefix { $0.letter.isExactly($1.letter) }.map(\.1)
            for option in options { saved += "\n\(option.letter). \(option.text)" }
            return Question(
                id: .integer(made.index), text: "\(saved)\n\(Instruction.multipleChoice)", savedPrompt: saved,
                image: image,
                category: made.category, options: options)
        }
    }

    public func score(_ answers: AnswerFile) throws -> BenchmarkScore {
        let (records, duplicates) = answers.lastOfEach()
        var counts = AnswerCounts(questions: rows.count, duplicate: duplicates)
        var first = MMBenchResult()
        var second = MMBenchResult()
        var items: [ItemScore] = []
        for row in rows {
            let record = records[.integer(row.index)]
            if record == nil { counts.missing += 1 } else { counts.scored += 1 }
            let text = record.map { MMBenchExtraction.throughSpreadsheet($0.text) }
            let letter = text.flatMap { MMBenchExtraction.official($0, options: row.options) }
            first.add(row, letter)
            second.add(row, text.flatMap { MMBenchExtraction.vlmEvalKit($0, options: row.options) })
            items.append(
                ItemScore(
                    id: .integer(row.index), text: record?.text, extracted: letter, gold: row.answer,
                    credit: letter?.isExactly(row.answer) == true ? 1 : 0, group: row.category,
                    reference: String(row.base)))
        }
        counts.unknown = records.count - counts.scored
        let circular = first.circular(rows)
        var details = JSONObject()
        details.append("rows", .int(rows.count))
        details.append("groups", .int(first.isRight.count))
        details.append("circular", JSONValue(circular.percent))
        details.append("circular_by_l2", first.breakdown(rows, by: \.ability))
        details.append("circular_by_category", first.breakdown(rows, by: \.category))
        details.append("single_pass_base", JSONValue(first.base.percent))
        details.append("single_pass_rows", JSONValue(first.rows.percent))
        details.append("group_hit", first.groupHits(rows))
        details.append("extracted", first.extractedLetters)
        details.append(
            "vlmevalkit",
            .of(
                ("circular", JSONValue(second.circular(rows).percent)),
                ("group_hit", second.groupHits(rows)),
                ("extracted", second.extractedLetters)))
        return BenchmarkScore(
            benchmark: MMBench.name, headline: circular.percent, headlineName: "circular accuracy x 100",
            counts: counts,
            details: .object(details), items: items, notices: counts.notices)
    }
}

/// Judgement of one rule set over all rows.
private struct MMBenchResult {
    /// Base question -> every row of it right so far.
    var isRight: [Int: Bool] = [:]
    var base = Tally(), rows = Tally()
    private var extracted: [(Int, String?)] = []

    mutating func add(_ row: MMBench.Row, _ letter: String?) {
        let isRight = letter?.isExactly(row.answer) == true
        rows.add(isRight)
        if row.index == row.base { base.add(isRight) }
        self.isRight[row.base] = (self.isRight[row.base] ?? true) && isRight
        extracted.append((row.index, letter))
    }

    func circular(_ rows: [MMBench.Row]) -> Tally {
        var tally = Tally()
        for row in rows where row.index == row.base { tally.add(isRight[row.base] ?? false) }
        return tally
    }

    func breakdown(_ rows: [MMBench.Row], by name: (MMBench.Row) -> String) -> JSONValue {
        var breakdown = Breakdown()
        for row in rows where row.index == row.base {
            breakdown.add(name(row), isRight[row.base] == true ? 1 : 0)
        }
        return breakdown.json { JSONValue($0.percent) }
    }

    func groupHits(_ rows: [MMBench.Row]) -> JSONValue {
        .object(
            JSONObject(
                rows.filter { $0.index == $0.base }.map {
                    (name: String($0.base), value: .int(isRight[$0.base] == true ? 1 : 0))
                }))
    }

    var extractedLetters: JSONValue {
        .object(
            JSONObject(
                extracted.map { (name: String($0.0), value: $0.1.map { .string($0) } ?? .null) }))
    }
}

/// Whether the table reader of the reference (pandas) takes a text for an absent value.
func isMissingInTable(_ text: String) -> Bool {
    [
        "", "NA", "N/A", "n/a", "nan", "NaN", "-nan", "-NaN", "null", "NULL", "None", "<NA>", "#N/A",
        "#N/A N/A", "#NA",
        "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN",
    ].contains { $0.isExactly(text) }
}

/// Whether the prompt builder of the reference takes a text for absent: it knows two more spellings.
func isMissingInPrompt(_ text: String) -> Bool {
    isMissingInTable(text) || ["nan", "none"].contains { $0.isExactly(text.lowered) }
}
