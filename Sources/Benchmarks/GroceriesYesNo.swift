import Foundation

/// Yes/no questions about the Grocery Store photographs, in POPE's form and by POPE's rules.
public struct GroceriesYesNo: Benchmark {
    public static let name = "groceries-yesno"
    public static let title = "Groceries Y/N"
    public static let answering = AnsweringRules.shortAnswer
    public static let officialCounts = ["yes/no questions": 592]
    public static let manifest = "groceries"

    static let file = "test_yesno.jsonl"

    public let folder: URL
    public let questions: [Question]
    public let counts: [Count]
    public let notices: [String] = []
    private let isYes: [Bool]

    public init(folder: URL) throws {
        self.folder = folder
        let records = try SourceFile(GroceriesYesNo.file, in: folder, of: GroceriesYesNo.title).records()
        let images = ImageFolder(folder)
        questions = try records.map {
            Question(
                id: try $0["question_id"].questionID(),
                text: "\(try $0["text"].string())\n\(Instruction.shortAnswer)",
                image: images.find(try $0["image"].string()), category: "")
        }
        isYes = try records.map { record in
            let label = try record["label"].string()
            guard label == "yes" || label == "no" else {
                throw try record["label"].bad(found: "\"\(label)\"", expected: "\"yes\" or \"no\"")
            }
            return label == "yes"
        }
        counts = [Count(name: "yes/no questions", file: GroceriesYesNo.file, number: questions.count)]
    }

    public func score(_ answers: AnswerFile) throws -> BenchmarkScore {
        var result = YesNoCounts()
        let (counts, items) = answers.judge(questions) { index, record in
            let saysYes = record.map { YesNoCounts.saysYes($0.text) }
            if let saysYes { result.add(saysYes: saysYes, isYes: isYes[index]) }
            return ItemScore(
                id: questions[index].id, text: record?.text, extracted: saysYes.map { $0 ? "yes" : "no" },
                gold: isYes[index] ? "yes" : "no", credit: saysYes == isYes[index] ? 1 : 0)
        }
        return BenchmarkScore(
            benchmark: GroceriesYesNo.name, headline: result.f1.map { $0 * 100 }, headlineName: "F1 x 100",
            counts: counts,
            details: result.json, items: items, notices: counts.notices)
    }
}
