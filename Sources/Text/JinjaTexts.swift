/// The texts of a Jinja template: what stands outside of its braces, and the literals within them.
struct JinjaTexts {
    private let template: String
    private var texts: [String] = []

    init(_ template: String) {
        self.template = template
        let characters = Array(template.unicodeScalars)
        var (place, text) = (0, String.UnicodeScalarView())
        func stands(_ mark: String) -> Bool { characters[place...].starts(with: mark.unicodeScalars) }
        while place < characters.count {
            guard let end = ["{{": "}}", "{%": "%}", "{#": "#}"].first(where: { stands($0.key) }) else {
                text.append(characters[place])
                place += 1
                continue
            }
            texts.append(String(text))
            text = String.UnicodeScalarView()
            place += 2
            while place < characters.count, !stands(end.value) {
                let quote = characters[place]
                place += 1
                guard end.key != "{#", quote == "'" || quote == "\"" else { continue }
                texts.append(Self.literal(characters, &place, until: quote))
            }
            place = min(characters.count, place + 2)
        }
        texts.append(String(text))
    }

    /// The literal whose opening quote stands before `place`, which is moved behind the closing one.
    private static func literal(
        _ characters: [Unicode.Scalar], _ place: inout Int, until quote: Unicode.Scalar
    ) -> String {
        var text = String.UnicodeScalarView()
        while place < characters.count, characters[place] != quote {
            if characters[place] == "\\", place + 1 < characters.count {
                place += 1
                let escapes: [Unicode.Scalar: Unicode.Scalar] = ["n": "\n", "t": "\t", "r": "\r"]
                text.append(escapes[characters[place]] ?? characters[place])
            } else {
                text.append(characters[place])
            }
            place += 1
        }
        place += 1
        return String(text)
    }

    /// What is said where a conversation has no system prompt; empty where nothing is.
    ///
    /// It is a text with both marks, tools aside; or what the template sets the variable to that it says
    /// between them.
    func system(after head: String, before end: String) -> String {
        for text in texts {
            guard let start = text.firstRange(of: head) else { continue }
            let rest = text[start.upperBound...]
            guard let stop = rest.firstRange(of: end), case let prompt = rest[..<stop.lowerBound],
                !prompt.contains("<tools>"), !prompt.contains("# Tools")
            else { continue }
            return String(prompt)
        }
        let spelled = head.replacing("\n", with: "\\n")
        guard let start = template.firstRange(of: spelled) ?? template.firstRange(of: head),
            let name = template[start.upperBound...].prefixMatch(
                of: #/['"]\s*[+~]\s*([A-Za-z_]\w*)\b(?!\[|\.)/#)?
                .output.1
        else { return "" }
        return assigned(String(name)) ?? ""
    }

    /// The first literal that a variable is set to.
    private func assigned(_ name: String) -> String? {
        for set in template.ranges(of: "set \(name)") {
            let rest = template[set.upperBound...].drop { $0 == " " }
            guard rest.first == "=", case let value = rest.dropFirst().drop(while: { $0 == " " }),
                let quote = value.unicodeScalars.first, quote == "'" || quote == "\""
            else { continue }
            var place = 1
            return Self.literal(Array(value.unicodeScalars), &place, until: quote)
        }
        return nil
    }
}
