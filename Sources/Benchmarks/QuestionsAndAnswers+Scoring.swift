import Files

extension QuestionsAndAnswers {
    /// A yes or no has to say so; a short answer has to equal one of the right ones after the VQA
    /// normalization; a long one has the F1 of its words with the nearest right one. The headline is F1 where
    /// all answers are yes or no, and the mean credit elsewhere.
    public func score(_ answers: AnswerFile) throws -> BenchmarkScore {
        var tally = Tallies()
        let (counts, items) = answers.judge(questions) { index, record in
            let (question, gold) = (questions[index], self.answers[index])
            let judged = Judged(record?.text, gold: gold)
            if let text = record?.text {
                tally.add(judged, isEmpty: text.trimmed.isEmpty, category: question.category)
            }
            return ItemScore(
                id: question.id, text: record?.text, extracted: judged.read, gold: gold[0],
                credit: judged.credit, group: question.category)
        }
        let isYesNo = self.answers.allSatisfy { AnswerKind($0) == .yesNo }
        return BenchmarkScore(
            benchmark: name, headline: isYesNo ? tally.yesNo.f1.map { $0 * 100 } : tally.all.percent,
            headlineName: isYesNo ? "F1 x 100" : "mean of exact match and token F1 x 100",
            counts: counts, details: tally.json, items: items, notices: counts.notices + tally.notices)
    }

    /// How far an answer says what another one says, by the rule of `score(_:)`: 1 or 0 where the reference
    /// is a yes or no or at most eight words, the F1 of the words where it is longer.
    public static func agreement(of answer: String, with reference: String) -> Double {
        Judged(answer, gold: [reference]).credit
    }

    /// What is read in an answer, and its credit.
    private struct Judged {
        let kind: AnswerKind
        let isYes: Bool
        let read: String?
        let credit: Double

        /// - Parameter text: nil where there is no answer
        init(_ text: String?, gold: [String]) {
            kind = AnswerKind(gold)
            let right = gold.map(VQANormalizer.normalize)
            isYes = right[0].isExactly("yes")
            let said = text.map(VQANormalizer.normalize)
            switch kind {
            case .yesNo:
                let saysYes = text.flatMap(YesNoCounts.reads)
                read = saysYes.map { $0 ? "yes" : "no" }
                credit = read.map { read in right.contains { $0.isExactly(read) } } == true ? 1 : 0
            case .short:
                read = said
                let plain = text?.trimmed.lowered ?? ""
                // The letter A is an article to the normalization, which leaves nothing of it.
                credit =
                    zip(gold, right).contains { gold, right in
                        right.isEmpty
                            ? !plain.isEmpty && gold.trimmed.lowered.isExactly(plain)
                            : said.map { right.isExactly($0) } ?? false
                    } ? 1 : 0
            case .long:
                read = said
                credit = said.map { said in right.map { tokenF1(said, $0) }.max() ?? 0 } ?? 0
            }
        }
    }

    /// Everything that is counted.
    private struct Tallies {
        var (all, short, long) = (Tally(), Tally(), Tally())
        var yesNo = YesNoCounts()
        private var categories = Breakdown()
        private var hasCategories = false
        private var (answers, empty, unreadable) = (0, 0, 0)

        mutating func add(_ judged: Judged, isEmpty: Bool, category: String) {
            answers += 1
            if isEmpty { empty += 1 }
            all.add(judged.credit)
            if !category.isEmpty {
                hasCategories = true
                categories.add(category, judged.credit)
            }
            switch judged.kind {
            case .yesNo:
                if judged.read == nil, !isEmpty { unreadable += 1 }
                // What says neither is wrong, whatever the right answer.
                yesNo.add(saysYes: judged.read.map { $0 == "yes" } ?? !judged.isYes, isYes: judged.isYes)
            case .short: short.add(judged.credit)
            case .long: long.add(judged.credit)
            }
        }

        var json: JSONValue {
            var json = JSONObject([
                (name: "credit", value: all.json), (name: "exact_match", value: short.json),
                (name: "token_f1", value: long.json), (name: "yes_no", value: yesNo.json),
                (name: "empty", value: .int(empty)), (name: "neither_yes_nor_no", value: .int(unreadable)),
            ])
            if hasCategories { json.append("categories", categories.json()) }
            return .object(json)
        }

        var notices: [String] {
            unreadableNotices(empty: empty, neither: unreadable, of: answers, effect: "they count as wrong")
        }
    }
}

/// Sentences on answers in which there is nothing to read.
///
/// - Parameter effect: what the scorer makes of them
func unreadableNotices(empty: Int, neither: Int, of answers: Int, effect: String) -> [String] {
    [(empty, "are empty"), (neither, "say neither yes nor no")].filter { $0.0 > 0 }.map {
        "\($0.0) of \(answers) answers \($0.1): \(effect)"
    }
}

/// F1 of two normalized texts as bags of words.
func tokenF1(_ one: String, _ other: String) -> Double {
    let (one, other) = (one.scalars.words, other.scalars.words)
    guard !one.isEmpty, !other.isEmpty else { return 0 }
    var left = Dictionary(grouping: other) { $0 }.mapValues(\.count)
    var common = 0
    for word in one {
        if let count = left[word], count > 0 {
            left[word] = count - 1
            common += 1
        }
    }
    return common == 0 ? 0 : 2 * Double(common) / Double(one.count + other.count)
}
