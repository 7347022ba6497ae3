import Foundation

extension BenchmarkContext {
    /// `mmbench_dev_20230712.tsv`: a question with n options has n rows, rotated one step further each.
    func mmbench() throws -> BenchmarkFiles {
        let columns = [
            "index", "question", "hint", "A", "B", "C", "D", "answer", "category", "image", "source",
            "l2-category",
            "comment", "split",
        ]
        var rows = [columns.joined(separator: "\t")]
        var rotated: [(rotation: Int, row: String)] = []
        for index in 0..<sizes.mmbench {
            let scene = try scene("mmbench", index)
            var stream = stream("mmbench", index)
            let question = MMBenchQuestions.drawn(about: scene, &stream)
            let image = Data(try image(scene, "mmbench", index)).base64EncodedString()
            let count = question.options.count
            for rotation in 0..<count {
                let options = (0..<count).map { question.options[($0 - rotation + count) % count] }
                let answer = ((question.answerIndex ?? 0) + rotation) % count
                let (category, level2) = MMBenchQuestions.categories[question.kind] ?? ("", "")
                let fields =
                    [String(index + 1 + rotation * 1_000_000), question.text, question.hint]
                    + (0..<4).map { $0 < count ? options[$0] : "" }
                    + [Question.letters[answer], category, image, "made", level2, "", "dev"]
                rotated.append((rotation, fields.joined(separator: "\t")))
            }
        }
        // All base questions first, then the copies, as in the official file.
        for rotation in 0..<4 { rows += rotated.filter { $0.rotation == rotation }.map(\.row) }
        var files = BenchmarkFiles()
        files.add("mmbench_dev_20230712.tsv", Array((rows.joined(separator: "\n") + "\n").utf8))
        files.questions = rotated.count
        return files
    }
}
