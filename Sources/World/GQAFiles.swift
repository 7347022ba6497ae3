import Files

extension BenchmarkContext {
    /// `testdev_balanced_questions.json`, `llava_gqa_testdev_balanced.jsonl`, `images/n….jpg`; one image a
    /// question.
    func gqa() throws -> BenchmarkFiles {
        var files = BenchmarkFiles()
        var annotations = JSONObject()
        var lines: [JSONValue] = []
        for index in 0..<sizes.gqa {
            let scene = try scene("gqa", index)
            var stream = stream("gqa", index)
            let question = GQAQuestions.drawn(about: scene, &stream)
            let id = "20" + padded(index, 7)
            let image = "n" + padded(100_000 + index, 6)
            annotations.append(id, Self.annotation(question, id: id, image: image, index: index))
            lines.append(line(.string(id), "\(image).jpg", question.prompt, "default"))
            files.add("images/\(image).jpg", try self.image(scene, "gqa", index))
        }
        // The two official files are in different orders; readers must join on the id.
        var order = stream("gqa order")
        files.add("testdev_balanced_questions.json", .object(annotations))
        files.add("llava_gqa_testdev_balanced.jsonl", lines: order.shuffled(lines))
        files.questions = lines.count
        return files
    }

    private static func annotation(_ question: Question, id: String, image: String, index: Int) -> JSONValue {
        let steps = question.program?.steps ?? []
        let said = steps.map { step in
            "\(step.operation): \(step.argument)" + (step.dependencies.isEmpty ? "" : " \(step.dependencies)")
        }
        let capital = question.answer.prefix(1).uppercased() + question.answer.dropFirst()
        return [
            "semantic": .array(
                steps.map { step in
                    [
                        "operation": .string(step.operation),
                        "dependencies": .array(step.dependencies.map { .int($0) }),
                        "argument": .string(step.argument),
                    ]
                }),
            "entailed": [.string(id)],
            "equivalent": [.string(id)],
            "question": .string(question.text),
            "imageId": .string(image),
            "isBalanced": true,
            "groups": [
                "global": question.program?.group.map { .string($0) } ?? .null,
                "local": .string("\(index)-\(question.kind)"),
            ],
            "answer": .string(question.answer),
            "semanticStr": .string(said.joined(separator: "->")),
            "annotations": ["answer": [:], "question": [:], "fullAnswer": [:]],
            "types": [
                "detailed": .string(question.program?.detailed ?? ""),
                "semantic": .string(question.program?.semantic ?? ""),
                "structural": .string(question.program?.structural ?? ""),
            ],
            "fullAnswer": .string(capital + "."),
        ]
    }
}
