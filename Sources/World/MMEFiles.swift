import Files

extension BenchmarkContext {
    /// `MME_Benchmark_release_version/<subtask>/…` and `llava_mme.jsonl`: all fourteen subtasks, a yes and a
    /// no question an image.
    func mme() throws -> BenchmarkFiles {
        var files = BenchmarkFiles()
        var lines: [JSONValue] = []
        for (number, subtask) in MMEQuestions.Subtask.allCases.enumerated() {
            for index in 0..<sizes.mmeImages {
                let purpose = "mme/\(subtask.rawValue)"
                let scene = try scene(purpose, index, signNeeded: subtask.needsSign)
                var stream = stream(purpose, index)
                let pair = MMEQuestions.pair(subtask, scene, &stream)
                let stem = padded((number + 1) * 10_000 + index, 6)
                let root = "MME_Benchmark_release_version/\(subtask.rawValue)/"
                let name = (subtask.hasFolders ? "images/" : "") + stem + ".jpg"
                files.add(root + name, try image(scene, purpose, index))
                let asked = " Please answer yes or no."
                let text = "\(pair.yes.text)\(asked)\tYes\n\(pair.no.text)\(asked)\tNo\n"
                files.add(
                    root + (subtask.hasFolders ? "questions_answers_YN/" : "") + stem + ".txt",
                    Array(text.utf8))
                let id = "\(subtask.rawValue)/\(name)"
                for question in [pair.yes, pair.no] {
                    lines.append(line(.string(id), id, question.prompt, subtask.rawValue))
                }
            }
        }
        files.add("llava_mme.jsonl", lines: lines)
        files.questions = lines.count
        return files
    }
}
