import Testing
import World

@Suite struct CaptionTests {
    let scenes = (0..<200).compactMap { try? SceneSampler(.small()).scene(.teacher, "caption", $0) }

    func caption(_ scene: Scene, _ index: Int, long: Bool = false) -> String {
        var stream = RandomStream(seed: 1, purpose: "caption", index: index)
        return Caption.text(of: scene, long: long, &stream)
    }

    /// Every item is said once, in one of the two orders, with the attribute beside the position.
    @Test func everyItemIsSaidOnce() {
        var direct = 0
        var total = 0
        for (index, scene) in scenes.enumerated() {
            let text = " " + caption(scene, index)
            for item in scene.items {
                let (cell, color) = (item.cell.name, item.thing.color.name)
                let (shape, size) = (item.thing.shape.name, item.size.name)
                let forms = [" \(cell) \(color) \(shape) \(size) ", " \(size) \(shape) \(color) \(cell) "]
                let found = forms.map { text.ranges(of: $0).count }
                #expect(found.reduce(0, +) == 1, "\(text)")
                direct += found[0]
                total += 1
            }
            #expect(text.contains("sign") == (scene.sign != nil))
            if let sign = scene.sign {
                let forms = [
                    " \(sign.cell.name) \(sign.digit) sign ", " sign \(sign.digit) \(sign.cell.name) ",
                ]
                #expect(forms.contains { text.contains($0) })
            }
        }
        // 40 %, over some 700 items: standard deviation 1.9 %.
        #expect(abs(Double(direct) / Double(total) - 0.4) < 0.08)
    }

    @Test func theNumberOfObjectsIsSaidFirstOrLast() {
        var first = 0
        for (index, scene) in scenes.enumerated() {
            let text = caption(scene, index)
            let said = "objects \(scene.items.count) ."
            #expect(text.hasPrefix(said) || text.hasSuffix(said))
            if text.hasPrefix(said) { first += 1 }
        }
        #expect((60...140).contains(first))
    }

    @Test func relationsAndCountsAreTrue() {
        var relations = 0
        var counts = 0
        for (index, scene) in scenes.enumerated() {
            for sentence in caption(scene, index, long: index % 2 == 0).components(" . ") {
                for side in ["left of", "right of", "above", "below"] where sentence.contains(" \(side) ") {
                    let parts = sentence.components(" \(side) ")
                    let question = "Is the \(parts[0]) \(side) the \(parts[1])?"
                    let prompt = question + "\nAnswer the question using a single word or phrase."
                    #expect(Oracle(scene: scene).answer(prompt) == "yes", "\(sentence)")
                    relations += 1
                }
                for part in sentence.components(" , ") {
                    let words = part.components(" ")
                    guard words.count == 2, words[0] != "objects", words[1] != "image" else { continue }
                    let isColor = scene.items.first { $0.thing.color.name == words[0] }
                    let expected =
                        Shape.allCases.first { $0.plural == words[0] }.map(scene.count)
                        ?? isColor.map { scene.count($0.thing.color) } ?? 0
                    #expect(words[1] == String(expected), "\(sentence)")
                    counts += 1
                }
            }
        }
        #expect(relations > 200)
        #expect(counts > 300)
    }

    @Test func orderAndWordingVary() {
        let texts = Set((0..<50).map { caption(scenes[0], $0) })
        #expect(texts.count > 40)
    }

    @Test func longCaptionsSayEverything() {
        for (index, scene) in scenes.prefix(50).enumerated() {
            #expect(caption(scene, index, long: true).contains("\(scene.background.name) image"))
        }
    }
}

extension String {
    /// The parts between separators; a full stop or space at the end is dropped.
    func components(_ separator: String) -> [String] {
        var result: [String] = []
        var rest = self[...]
        while let range = rest.firstRange(of: separator) {
            result.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        let last = rest.hasSuffix(" .") ? rest.dropLast(2) : rest
        return result + [String(last)]
    }
}
