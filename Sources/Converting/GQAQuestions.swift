import Files
import Foundation

/// GQA: questions about a photograph that its scene graph answers, the balanced ones, a conversation an
/// image.
///
/// `<split>_balanced_questions.json` is an object of id -> `question`, `answer`, `imageId` and more; what the
/// others call the test split is `testdev`, the one with published answers.
struct GQAQuestions: Converter {
    let files: [URL]
    private let splits: [DataSplit]
    private let wording: Wording

    init(_ source: FetchedFolder, _ settings: ConvertingSettings) throws {
        splits = settings.orderedSplits
        files = try splits.map { split in
            let name = "\(split == .test ? "testdev" : split.rawValue)_balanced_questions.json"
            return try source.file(name, "questions1.2/\(name)", from: "questions1.2.zip")
        }
        wording = Wording(settings)
    }

    func convert(into run: inout ConversionRun) throws {
        for (split, file) in zip(splits, files) {
            let images = try Self.byImage(file, &run)
            for number in images.names.indices {
                let name = images.names[number]
                let id = "gqa-\(split.rawValue)-\(name)"
                let asked = images.questions(of: number).map { question, answer in
                    Asked(question: question, answer: wording.shortAnswer(answer))
                }
                try run.write(
                    wording.sample(id: id, image: "images/\(name).jpg", wording.short(asked)),
                    of: SourceRow(file: file.path, place: "image \(name)", id: id))
            }
        }
    }

    /// All questions of a file: a million, which the file does not keep by image.
    private struct Images {
        /// Ids in the order in which they are first asked about.
        private(set) var names: [String] = []
        private var numbers: [ExactKey: Int32] = [:]
        /// For each question its text, its answer, and the question about the same image before it (-1:
        /// none).
        private var questions = TextList(), answers = TextList()
        private var previous: [Int32] = []
        /// The last question of each image.
        private var last: [Int32] = []

        mutating func add(_ question: String, _ answer: String, about name: String) {
            let question32 = Int32(clamping: questions.count)
            questions.append(question)
            answers.append(answer)
            let key = ExactKey(name)
            if let number = numbers[key] {
                previous.append(last[Int(number)])
                last[Int(number)] = question32
            } else {
                numbers[key] = Int32(clamping: names.count)
                names.append(name)
                previous.append(-1)
                last.append(question32)
            }
        }

        /// The questions of an image with their answers, in the order of the file.
        func questions(of image: Int) -> [(String, String)] {
            var found: [(String, String)] = []
            var question = Int(last[image])
            while question >= 0 {
                found.append((questions[question], answers[question]))
                question = Int(previous[question])
            }
            return found.reversed()
        }
    }

    private static func byImage(_ file: URL, _ run: inout ConversionRun) throws -> Images {
        var images = Images()
        var ids: Set<ExactKey> = []
        let items = try JSONItems(file, .object)
        while let item = try items.next() {
            let row = SourceRow(file: file.path, place: item.place, id: item.name ?? "")
            let read = try run.read(row) { () -> (question: String, answer: String, image: String) in
                guard ids.insert(ExactKey(row.id)).inserted else {
                    throw RowProblem(kind: "duplicate-id", reason: "a second question '\(outside: row.id)'")
                }
                let record = try row.parsed(item.bytes)
                return (
                    try record["question"].text(), try record["answer"].text(), try record["imageId"].idName()
                )
            }
            if let read { images.add(read.question, read.answer, about: read.image) }
        }
        return images
    }
}
