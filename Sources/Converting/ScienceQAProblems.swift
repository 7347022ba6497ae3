import Files
import Foundation
import Shards

/// ScienceQA: questions with choices, about half of them with an image.
///
/// `problems.json` is an object of id -> `question`, `choices`, `answer` (index), `hint`, `image` (a name or
/// null), `split` and more; `pid_splits.json` one of split -> ids, whose order samples have.
struct ScienceQAProblems: Converter {
    let files: [URL]
    private let splits: [DataSplit]
    private let wording: Wording

    init(_ source: FetchedFolder, _ settings: ConvertingSettings) throws {
        files = [try source.file("problems.json"), try source.file("pid_splits.json")]
        (splits, wording) = (settings.orderedSplits, Wording(settings))
    }

    func convert(into run: inout ConversionRun) throws {
        // Some 20,000 problems, 30 MB with their lectures.
        var problems: [ExactKey: JSONItem] = [:]
        let items = try JSONItems(files[0], .object)
        while let item = try items.next() { problems[ExactKey(item.name ?? "")] = item }
        let lists = try JSONField(parsing: InputBytes.read(files[1]), file: files[1].path)
        for split in splits {
            for field in try lists[split.rawValue].elements() {
                let pid = try field.idName()
                let id = "scienceqa-\(pid)"
                let item = problems[ExactKey(pid)]
                let row = SourceRow(
                    file: item == nil ? files[1].path : files[0].path, place: item?.place ?? field.path,
                    id: id)
                try run.take(row) {
                    guard let item else {
                        throw RowProblem(
                            kind: "malformed",
                            reason: "problem '\(outside: pid)' is not in \(files[0].lastPathComponent)")
                    }
                    return try sample(id, pid, split, try row.parsed(item.bytes))
                }
            }
        }
    }

    private func sample(_ id: String, _ pid: String, _ split: DataSplit, _ problem: JSONField) throws
        -> LlavaSample
    {
        let declared = try problem["split"]
        guard try declared.string() == split.rawValue else {
            throw declared.bad(expected: "\"\(split.rawValue)\", by pid_splits.json")
        }
        let (choices, answer) = try problem["choices"].choices(answer: problem["answer"])
        let image = try problem.optional("image")?.idName()
        let hint = try problem.optional("hint")?.string() ?? ""
        return wording.sample(
            id: id, image: image.map { "\(split.rawValue)/\(pid)/\($0)" },
            [
                wording.choice(
                    hint: hint, question: try problem["question"].wholeText(), choices, answer: answer)
            ])
    }
}
