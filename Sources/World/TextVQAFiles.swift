import Files

extension BenchmarkContext {
    /// `TextVQA_0.5.1_val.json`, `llava_textvqa_val_v051_ocr.jsonl`, `train_images/<16 hex digits>.jpg`.
    func textvqa() throws -> BenchmarkFiles {
        var files = BenchmarkFiles()
        var entries: [JSONValue] = []
        var lines: [JSONValue] = []
        for index in 0..<sizes.textvqa {
            let scene = try scene("textvqa", index, signNeeded: true)
            guard let sign = scene.sign else { continue }
            var stream = stream("textvqa", index)
            let question = TextVQAQuestions.drawn(about: sign, &stream)
            let id = "a1f0" + padded(index, 12, radix: 16)
            // The annotation has the question in lower case, the prompt with a capital.
            let text = question.text.lowercased()
            let side = side(index)
            entries.append([
                "question": .string(text),
                "image_id": .string(id),
                "image_classes": ["Sign"],
                "flickr_original_url": "",
                "flickr_300k_url": "",
                "image_width": .int(side),
                "image_height": .int(side),
                "answers": .strings(TextVQAQuestions.annotators(sign.digit, &stream)),
                "question_tokens": .strings(text.dropLast().split(separator: " ").map(String.init)),
                "question_id": .int(34_600 + index),
                "set_name": "val",
            ])
            lines.append(line(.string(id), "\(id).jpg", question.prompt, "default"))
            files.add("train_images/\(id).jpg", try image(scene, "textvqa", index))
        }
        files.add(
            "TextVQA_0.5.1_val.json",
            JSONValue.object([
                "dataset_type": "val", "dataset_name": "textvqa", "dataset_version": "0.5.1",
                "data": .array(entries),
            ]).bytes(.line) + [0x0a])
        files.add("llava_textvqa_val_v051_ocr.jsonl", lines: lines)
        files.questions = lines.count
        return files
    }
}
