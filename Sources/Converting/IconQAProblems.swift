import Files
import Foundation

/// IconQA: questions about abstract diagrams.
///
/// `iconqa_data/iconqa/<split>/<kind>/<number>/data.json`, in the archive or unpacked, has `question`,
/// `answer` and, with choices, `choices`. `choose_txt` is answered by one of the texts in `choices` (its
/// index), `fill_in_blank` by a text. `choose_img` is answered by one of several images, which a conversation
/// about one image cannot hold: its problems are left out and counted.
struct IconQAProblems: Converter {
    let files: [URL]
    private let splits: [DataSplit]
    private let wording: Wording

    init(_ source: FetchedFolder, _ settings: ConvertingSettings) throws {
        files = [try source.file("iconqa_data.zip", "iconqa_data")]
        (splits, wording) = (settings.orderedSplits, Wording(settings))
    }

    private enum Kind: String {
        case chooseText = "choose_txt"
        case fillInBlank = "fill_in_blank"
    }

    /// One `data.json`, and the numbers that order it.
    private struct Problem {
        let split: DataSplit
        let kind: Kind
        let number: String
        let json: [UInt8]

        var folder: String { "iconqa_data/iconqa/\(split.rawValue)/\(kind.rawValue)/\(number)" }
        var order: (Int, String, Int, String) {
            (DataSplit.allCases.firstIndex(of: split) ?? 0, kind.rawValue, Int(number) ?? .max, number)
        }
    }

    func convert(into run: inout ConversionRun) throws {
        var problems: [Problem] = []
        try Archive.forEachMember(of: files[0], memberLimit: Limit.recordBytes.value) { path, readBytes in
            let parts = path.split(separator: "/").suffix(5).map(String.init)
            guard parts.count == 5, parts[0] == "iconqa", parts[4] == "data.json",
                let split = DataSplit(rawValue: parts[1])
            else { return true }
            guard let kind = Kind(rawValue: parts[2]), splits.contains(split) else {
                run.leaveOut()
                return true
            }
            problems.append(Problem(split: split, kind: kind, number: parts[3], json: try readBytes()))
            return true
        }
        // An archive stores its members in any order.
        problems.sort { $0.order < $1.order }
        for problem in problems {
            let id = "iconqa-\(problem.split.rawValue)-\(problem.kind.rawValue)-\(problem.number)"
            let row = SourceRow(file: files[0].path, place: "\(problem.folder)/data.json", id: id)
            try run.take(row) {
                let record = try row.parsed(problem.json)
                return wording.sample(
                    id: id, image: "\(problem.folder)/image.png", [try asked(record, problem.kind)])
            }
        }
    }

    private func asked(_ record: JSONField, _ kind: Kind) throws -> Asked {
        let question = try record["question"].text()
        switch kind {
        case .chooseText:
            let (choices, answer) = try record["choices"].choices(answer: record["answer"])
            return wording.choice(hint: "", question: question, choices, answer: answer)
        case .fillInBlank:
            let field = try record["answer"]
            let answer = if case .int(let number)? = field.value { "\(number)" } else { try field.text() }
            return Asked(question: wording.short(question), answer: wording.shortAnswer(answer))
        }
    }
}
