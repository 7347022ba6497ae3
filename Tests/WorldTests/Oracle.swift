import World

/// Answers questions from a scene by rules of its own: it reads the words of the prompt, not how it was made.
struct Oracle {
    let scene: Scene?

    /// What the model should say to a whole prompt; nil when the words are not understood.
    func answer(_ prompt: String) -> String? {
        var lines = prompt.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let instruction = lines.removeLast()
        if lines.first?.hasPrefix("Context: ") == true { lines.removeFirst() }
        if lines.last?.hasPrefix("Reference OCR token: ") == true { lines.removeLast() }
        guard let question = lines.first else { return nil }
        let options = lines.dropFirst().map { String($0.dropFirst(3)) }
        switch instruction {
        case "Answer the question using a single word or phrase.":
            return options.isEmpty ? short(question) : nil
        case "Answer with the option's letter from the given choices directly.":
            let right = options.indices.filter { isRight(question, options[$0]) }
            return right.count == 1 ? ["A", "B", "C", "D"][right[0] - options.startIndex] : nil
        default: return nil
        }
    }

    private func words(_ text: String) -> [String] { text.dropLast().split(separator: " ").map(String.init) }

    private func item(_ color: String, _ shape: String) -> Item? {
        scene?.items.first { $0.thing.color.name == color && $0.thing.shape.name == shape }
    }

    private func item(at cell: String) -> Item? { scene?.items.first { $0.cell.name == cell } }

    private func holds(_ subject: Item, _ side: String, _ object: Item) -> Bool? {
        let (a, b) = (Array(subject.cell.name.unicodeScalars), Array(object.cell.name.unicodeScalars))
        return switch side {  // names are a row letter and a column digit
        case "left": a[1].value < b[1].value
        case "right": a[1].value > b[1].value
        case "above": a[0].value < b[0].value
        case "below": a[0].value > b[0].value
        default: nil
        }
    }

    private func number(of what: String) -> Int? {
        guard let scene else { return nil }
        if what == "objects" { return scene.items.count }
        return scene.items.filter {
            what == ($0.thing.shape.name == "cross" ? "crosses" : $0.thing.shape.name + "s")
        }.count
    }

    private func yes(_ fact: Bool?) -> String? { fact.map { $0 ? "yes" : "no" } }

    private let digitNames = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    private let corners = ["circle": 0, "square": 4, "triangle": 3, "cross": 12, "ring": 0]

    private func short(_ question: String) -> String? {
        let w = words(question)
        guard let scene else { return nil }
        switch (w[0], w.count) {
        case ("Where", 5): return item(w[3], w[4])?.cell.name
        case ("What", 4): return item(at: w[3]).map { "\($0.thing.color.name) \($0.thing.shape.name)" }
        case ("What", _) where w.contains("sign"): return scene.sign.map { String($0.digit) }
        case ("Are", 8): return yes(number(of: "objects").map { String($0 + 1) == w[2] })
        case ("Are", 7): return yes(number(of: w[3]).map { String($0) == w[2] })
        case ("Has", 7):
            return yes(item(at: w[4]).flatMap { corners[$0.thing.shape.name] }.map { String($0) == w[5] })
        case ("Does", 5):
            return yes(scene.sign.map { w[4] == String($0.digit) || w[4] == digitNames[$0.digit] })
        case ("Does", 4): return yes(number(of: "objects").map { String($0) == w[3] })
        case ("Is", _): return isQuestion(Array(w.dropFirst()), scene)
        default:  // a multiple-choice question without its options
            let known =
                (0...9).map(String.init) + Array(corners.keys) + [
                    "red", "blue", "green", "yellow", "pink", "white",
                ]
                + ["small", "big", "dark", "grey", "light"]
            let right = known.filter { isRight(question, $0) }
            return right.count == 1 ? right[0] : nil
        }
    }

    private func isQuestion(_ w: [String], _ scene: Scene) -> String? {
        if w[0] == "there" {
            return w.suffix(3) == ["in", "the", "image"] ? yes(item(w[2], w[3]) != nil) : nil
        }
        guard w[0] == "the" else { return nil }
        if w[1] == "image" { return yes(scene.background.name == w[2]) }
        if w[1] == "object" {
            guard let found = item(at: w[3]) else { return nil }
            return yes(w[4] == "a" ? found.thing.shape.name == w[5] : found.thing.color.name == w[4])
        }
        guard let subject = item(w[1], w[2]) else { return nil }
        if w.count == 4 { return ["small", "big"].contains(w[3]) ? yes(subject.size.name == w[3]) : nil }
        if w[3] == "at" { return yes(subject.cell.name == w[4]) }
        guard let object = item(w[w.count - 2], w[w.count - 1]) else { return nil }
        guard w[4] == "or" else { return yes(holds(subject, w[3], object)) }
        let (first, second) = (holds(subject, w[3], object), holds(subject, w[5], object))
        return first == second ? nil : first == true ? w[3] : w[5]
    }

    private func isRight(_ question: String, _ option: String) -> Bool {
        let w = words(question)
        switch (w[0], w[1], w[2]) {
        case ("How", "many", "corners"): return corners[w[5]].map(String.init) == option
        case ("How", "many", _):
            let count =
                w[3] == "objects"
                ? scene?.items.filter { $0.thing.color.name == w[2] }.count : number(of: w[2])
            return count.map(String.init) == option
        case ("How", "is", _): return scene?.background.name == option
        case ("What", "shape", _): return item(at: w[4])?.thing.shape.name == option
        case ("What", "color", _): return item(at: w[4])?.thing.color.name == option
        case ("What", "size", _): return item(w[4], w[5])?.size.name == option
        case ("Where", _, _): return item(w[3], w[4])?.cell.name == option
        case ("Which", "word", _):
            return w[4] == "shape"
                ? corners[option] != nil
                : ["red", "blue", "green", "yellow", "pink", "white"].contains(option)
        case ("Which", "cell", _):
            return w[5] == "row" ? w[7].first == option.first : w[7].last == option.last
        case ("Which", "object", _):
            let named = option.split(separator: " ").map(String.init)
            return item(named[0], named[1]) != nil
        default: return false
        }
    }
}

extension WorldSettings {
    /// A world of seconds.
    static func small(seed: UInt64 = 7) -> WorldSettings {
        var settings = WorldSettings()
        settings.seed = seed
        (settings.teacherImages, settings.studentImages, settings.heldoutImages) = (300, 200, 20)
        settings.test = BenchmarkSizes(
            gqa: 40, scienceqaImage: 40, scienceqaText: 16, textvqa: 30, popeImages: 6, mmeImages: 3,
            mmbench: 40)
        settings.validation = BenchmarkSizes(
            gqa: 5, scienceqaImage: 5, scienceqaText: 3, textvqa: 5, popeImages: 2, mmeImages: 1, mmbench: 5)
        return settings
    }
}
