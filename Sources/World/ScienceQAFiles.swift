import Files

extension BenchmarkContext {
    /// `problems.json`, `pid_splits.json`, `llava_test_CQM-A.json`, `images/test/<pid>/image.png`.
    func scienceqa() throws -> BenchmarkFiles {
        var files = BenchmarkFiles()
        var problems = JSONObject()
        var entries: [JSONValue] = []
        var pids: [String] = []
        let count = sizes.scienceqaImage + sizes.scienceqaText
        // Text-only questions stand between the others, as in the official file.
        var order = stream("scienceqa order")
        let hasImage = order.shuffled((0..<count).map { $0 < sizes.scienceqaImage })
        for index in 0..<count {
            let pid = String(3 + index * 2)
            var stream = stream("scienceqa", index)
            let question: Question
            if hasImage[index] {
                let scene = try scene("scienceqa", index)
                question = ScienceQAQuestions.drawn(about: scene, &stream)
                files.add("images/test/\(pid)/image.png", try image(scene, "scienceqa", index, isPNG: true))
            } else {
                question = ScienceQAQuestions.textOnly(&stream)
            }
            pids.append(pid)
            problems.append(pid, Self.problem(question, hasImage: hasImage[index]))
            entries.append(Self.entry(question, pid: pid, hasImage: hasImage[index]))
        }
        files.add("problems.json", .object(problems))
        let empty: JSONValue = []
        let test = JSONValue.strings(pids)
        files.add(
            "pid_splits.json",
            [
                "train": empty, "val": empty, "test": test, "trainval": empty, "minitrain": empty,
                "minival": empty,
                "minitest": .strings(Array(pids.prefix(4))),
            ])
        files.add("llava_test_CQM-A.json", .array(entries))
        files.questions = count
        return files
    }

    private static func problem(_ question: Question, hasImage: Bool) -> JSONValue {
        [
            "question": .string(question.text),
            "choices": .strings(question.options),
            "answer": .int(question.answerIndex ?? 0),
            "hint": .string(question.hint),
            "image": hasImage ? "image.png" : .null,
            "task": "closed choice",
            "grade": "grade2",
            "subject": "natural science",
            "topic": "shapes",
            "category": "Shapes",
            "skill": .string(question.kind),
            "lecture": "",
            "solution": "",
            "split": "test",
        ]
    }

    private static func entry(_ question: Question, pid: String, hasImage: Bool) -> JSONValue {
        var members: JSONObject = ["id": .string(pid)]
        if hasImage { members.append("image", .string("\(pid)/image.png")) }
        let value = hasImage ? "<image>\n" + question.body : question.body
        members.append(
            "conversations",
            [
                ["from": "human", "value": .string(value)],
                ["from": "gpt", "value": .string(question.answer)],
            ])
        return .object(members)
    }
}
