import Files
import Foundation

/// Questions for the product in a Grocery Store photograph: exact match with its coarse name after the VQA
/// normalization.
public struct GroceriesVQA: Benchmark {
    public static let name = "groceries-vqa"
    public static let title = "Groceries VQA"
    public static let answering = AnsweringRules.shortAnswer
    public static let officialCounts = ["VQA questions": 296]
    public static let manifest = "groceries"

    static let file = "test_vqa.jsonl"

    public let folder: URL
    public let questions: [Question]
    public let counts: [Count]
    public let notices: [String] = []
    private let gold: [(coarse: String, fine: String)]

    public init(folder: URL) throws {
        self.folder = folder
        let records = try SourceFile(GroceriesVQA.file, in: folder, of: GroceriesVQA.title).records()
        let images = ImageFolder(folder)
        questions = try records.map {
            Question(
                id: try $0["question_id"].questionID(), text: try $0["text"].string(),
                image: images.find(try $0["image"].string()),
                category: try $0["category"].string())
        }
        gold = try records.map { (try $0["answer"].string(), try $0["fine"].string()) }
        counts = [Count(name: "VQA questions", file: GroceriesVQA.file, number: questions.count)]
    }

    public func score(_ answers: AnswerFile) throws -> BenchmarkScore {
        var all = Tally()
        var either = Tally()
        var categories = Breakdown()
        let (counts, items) = answers.judge(questions) { index, record in
            let found = record.map { VQANormalizer.normalize($0.text) }
            let gold = gold[index]
            func says(_ name: String) -> Bool { found?.isExactly(VQANormalizer.normalize(name)) == true }
            let credit = says(gold.coarse) ? 1.0 : 0
            if record != nil {
                all.add(credit)
                either.add(credit == 1 || says(gold.fine))
                categories.add(questions[index].category, credit)
            }
            return ItemScore(
                id: questions[index].id, text: record?.text, extracted: found, gold: gold.coarse,
                credit: credit,
                group: questions[index].category, reference: gold.fine)
        }
        return BenchmarkScore(
            benchmark: GroceriesVQA.name, headline: all.percent, headlineName: "exact-match accuracy x 100",
            counts: counts,
            details: .of(
                ("accuracy", JSONValue(all.percent)),
                ("accuracy_coarse_or_fine", JSONValue(either.percent)),
                ("categories", categories.json())),
            items: items, notices: counts.notices)
    }
}
