import Benchmarks
import Foundation

/// Answers side by side for one benchmark.
struct AnswerSamples {
    struct Card {
        let uri: String?
        let question: String
        let gold: String
        let answers: [(model: String, text: String, mark: AnswerMark)]
    }

    let title: String
    let outcome: String
    let cards: [Card]

    var context: [String: Any] {
        [
            "title": title, "outcome": outcome,
            "cards": cards.map { card in
                [
                    "uri": card.uri ?? "", "hasPicture": card.uri != nil, "question": card.question,
                    "gold": card.gold,
                    "answers": card.answers.map {
                        [
                            "model": $0.model, "text": $0.text, "kind": $0.mark.rawValue,
                            "mark": $0.mark.sign, "verdict": $0.mark.rawValue,
                        ]
                    },
                ] as [String: Any]
            },
        ]
    }
}

/// Sample answers of every model, chosen by rule.
struct AnswerSection {
    let scored: ScoredRun
    let perBenchmark: Int
    /// Titles of benchmarks instead of their own, by name.
    var titles: [String: String] = [:]

    func section() throws -> ReportSection {
        var section = ReportSection(
            id: "answers", title: "Answers side by side",
            lead:
                "The same questions to every model. For each benchmark the most frequent outcomes (who is "
                + "right, who is wrong) are shown in turn, and within an outcome the question is drawn by a "
                + "fixed lot, so nobody picked these.")
        section.sources = scored.models.map(\.answers)
        section.blocks += scored.problems.map { .absent($0) }
        guard !scored.models.isEmpty, !scored.benchmarks.isEmpty else {
            section.blocks.append(.absent("There are no scored answers to show."))
            return section
        }
        var counts: [(title: String, byOutcome: [String: Int])] = []
        var samples: [ReportSection.Block] = []
        for benchmark in scored.benchmarks {
            let title = titles.title(of: benchmark.name)
            do {
                guard let questions = try scored.judged(benchmark), !questions.isEmpty else { continue }
                let groups = Self.outcomes(questions)
                counts.append(
                    (
                        title,
                        Dictionary(
                            uniqueKeysWithValues: groups.map { (Self.key($0.marks), $0.questions.count) })
                    ))
                let chosen = Self.choose(groups, perBenchmark)
                let images = try ImageReader(for: chosen.map(\.question))
                samples.append(
                    .answers(
                        AnswerSamples(
                            title: title,
                            outcome: "\(chosen.count) of \(Printed.count(questions.count)) questions.",
                            cards: chosen.map { card($0, images) })))
            } catch {
                try refuseDiskFailure(error)
                samples.append(.absent("\(title): \(error)"))
            }
        }
        section.blocks += try runningOn() + samples
        if !counts.isEmpty { section.blocks.append(.table(outcomes(counts))) }
        return section
    }

    /// Models that often wrote as much as they may without coming to an end.
    private func runningOn() throws -> [ReportSection.Block] {
        try scored.models.flatMap { model in
            try scored.benchmarks.compactMap { benchmark -> ReportSection.Block? in
                // Answers that cannot be read are told of where they are judged.
                let file = try ifReadable { try AnswerFile(model.answers.file("\(benchmark.name).jsonl")) }
                guard let file, !file.records.isEmpty else { return nil }
                let cut = file.records.count { $0.isCut }
                guard 20 * cut > file.records.count else { return nil }
                return .odd(
                    "\(model.name) runs on: \(Printed.count(cut)) of \(Printed.count(file.records.count)) "
                        + "answers to \(titles.title(of: benchmark.name)) were cut off at the most tokens "
                        + "it may write."
                )
            }
        }
    }

    /// Counts of the questions of each benchmark by outcome, the most frequent first.
    private func outcomes(_ counts: [(title: String, byOutcome: [String: Int])]) -> ReportTable {
        let totals = counts.reduce(into: [String: Int]()) { $0.merge($1.byOutcome, uniquingKeysWith: +) }
        let keys = totals.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
        return ReportTable(
            id: "outcomes", title: "Who is right where.",
            caption: "Questions by outcome: ✓ right, ✗ wrong, ½ partly right, – not answered.",
            columns: scored.models.map(\.name) + counts.map(\.title) + ["all"],
            rows: keys.map { key in
                ReportTable.Row(
                    key.map { String($0) } + counts.map { String($0.byOutcome[key] ?? 0) }
                        + [String(totals[key] ?? 0)])
            })
    }

    /// Signs of the marks, one for each model.
    static func key(_ marks: [AnswerMark]) -> String { marks.map(\.sign).joined() }

    /// The accepted answers of TextVQA, each once with how many gave it.
    static func gold(_ text: String) -> String {
        let parts = text.components(separatedBy: " | ")
        guard parts.count > 1 else { return text }
        var counts: [(text: String, count: Int)] = []
        for part in parts {
            if let index = counts.firstIndex(where: { $0.text == part }) {
                counts[index].count += 1
            } else {
                counts.append((part, 1))
            }
        }
        return counts.map { $0.count == 1 ? $0.text : "\($0.text) (\($0.count)×)" }.joined(separator: ", ")
    }

    private func card(_ judged: JudgedQuestion, _ images: ImageReader) -> AnswerSamples.Card {
        let picture = (try? images.bytes(of: judged.question)).flatMap {
            $0.flatMap { try? InlinePicture.thumbnail(of: $0, side: 160) }
        }
        return AnswerSamples.Card(
            uri: picture, question: judged.shortText, gold: Self.gold(judged.gold),
            answers: zip(scored.models, judged.answers).map { model, item in
                let text = item.text.map { $0.count > 300 ? $0.prefix(300) + "…" : $0 } ?? "no answer"
                return (model.name, text.isEmpty ? "(empty)" : text, AnswerMark(verdict: item.verdict))
            })
    }

    /// Questions by who is right, the most frequent outcome first; of equals the one that reads first.
    static func outcomes(_ questions: [JudgedQuestion]) -> [(
        marks: [AnswerMark], questions: [JudgedQuestion]
    )] {
        let groups = Dictionary(grouping: questions) { key($0.marks) }
        return groups.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }.map {
            (marks: $0.value[0].marks, questions: $0.value.sorted { $0.lot < $1.lot })
        }
    }

    /// One question of each outcome in turn, until there are enough.
    static func choose(_ groups: [(marks: [AnswerMark], questions: [JudgedQuestion])], _ count: Int)
        -> [JudgedQuestion]
    {
        var chosen: [JudgedQuestion] = []
        let longest = groups.map(\.questions.count).max() ?? 0
        for turn in 0..<longest {
            for group in groups where turn < group.questions.count && chosen.count < count {
                chosen.append(group.questions[turn])
            }
            if chosen.count >= count { break }
        }
        return chosen
    }
}
