import Files

extension BenchmarkContext {
    /// Label files of the three subsets, `llava_pope_test.jsonl`, `val2014/COCO_val2014_….jpg`. Each image is
    /// asked six questions a subset: three about objects it has, each followed by one about an object it has
    /// not.
    func pope() throws -> BenchmarkFiles {
        var files = BenchmarkFiles()
        let scenes = try (0..<sizes.popeImages).map { try scene("pope", $0, leastItems: 3) }
        let images = scenes.indices.map { "COCO_val2014_" + padded(100 + $0 * 7, 12) + ".jpg" }
        for (index, scene) in scenes.enumerated() {
            files.add("val2014/\(images[index])", try image(scene, "pope", index))
        }
        let frequent = POPEQuestions.byFrequency(in: scenes)
        var lines: [JSONValue] = []
        for (subset, offset) in [
            (POPEQuestions.Subset.adversarial, 0), (.random, 10_000_000), (.popular, 20_000_000),
        ] {
            var labels: [JSONValue] = []
            for (index, scene) in scenes.enumerated() {
                // The same three positives in every subset, as in POPE.
                var stream = stream("pope", index)
                let present = stream.shuffled(scene.things).prefix(3)
                let absent: [Thing]
                switch subset {
                case .adversarial: absent = POPEQuestions.adversarial(scene, 3, &stream)
                case .popular: absent = frequent.filter { !scene.things.contains($0) }.prefix(3).map { $0 }
                case .random: absent = stream.shuffled(POPEQuestions.absent(scene)).prefix(3).map { $0 }
                }
                for (here, missing) in zip(present, absent) {
                    for (thing, isThere) in [(here, true), (missing, false)] {
                        let question = POPEQuestions.question(thing, isThere: isThere)
                        let number = labels.count + 1
                        labels.append([
                            "question_id": .int(number), "image": .string(images[index]),
                            "text": .string(question.text), "label": .string(question.answer),
                        ])
                        lines.append(
                            line(.int(offset + number), images[index], question.prompt, subset.rawValue))
                    }
                }
            }
            files.add("coco/coco_pope_\(subset.rawValue).json", lines: labels)
        }
        files.add("llava_pope_test.jsonl", lines: lines)
        files.questions = lines.count
        return files
    }
}
