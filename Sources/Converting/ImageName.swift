import Files

/// Names of images below the place where a set's images are.
enum ImageName {
    /// The name without `.` and empty parts; nil for one that is empty, leads upwards or cannot be written
    /// down.
    static func checked(_ name: String) -> String? {
        guard !FileName.hasControls(name), !name.split(separator: "/").contains("..") else { return nil }
        return MemberPath.normalized(name)
    }
}

extension JSONField {
    /// A text of more than white space, without that at its ends.
    func text() throws -> String {
        let text = try string().trimmed
        guard !text.isEmpty else { throw bad(expected: "a text that is not empty") }
        return text
    }

    /// A text of more than white space, as it is: where a benchmark asks with the same one.
    func wholeText() throws -> String {
        _ = try text()
        return try string()
    }

    /// The name of an image, normalised.
    func imageName() throws -> String {
        guard let name = ImageName.checked(try string()) else {
            throw bad(expected: "the name of a file that does not lead out of its folder")
        }
        return name
    }

    /// An id that is a part of file names: no folder, nothing hidden.
    func idName() throws -> String {
        let name = try string()
        guard ImageName.checked(name) == name, !name.contains("/"), !name.hasPrefix(".") else {
            throw bad(expected: "an id that a file can be named by")
        }
        return name
    }

    /// COCO's number of a photograph, which has at most twelve digits in a file's name.
    func photograph() throws -> Int { try integer(in: 0...999_999_999_999) }
}

extension String {
    /// The text without white space at its ends.
    var trimmed: String {
        guard let first = firstIndex(where: { !$0.isWhitespace }),
            let last = lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(self[first...last])
    }

    /// The text with its first letter upper-cased, as LLaVA asks TextVQA's questions.
    var capitalised: String {
        let first = unicodeScalars.first.map { $0.properties.uppercaseMapping } ?? ""
        return first + String(unicodeScalars.dropFirst())
    }
}
