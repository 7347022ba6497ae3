/// The reference scorers' idea of text: a string is a row of code points, compared one by one.
///
/// Swift's `==` would call a composed and a decomposed `é` equal and count `\r\n` as one, so scoring works on
/// these.
package typealias Scalars = [Unicode.Scalar]

extension String {
    package var scalars: Scalars { Array(unicodeScalars) }

    init(_ scalars: some Sequence<Unicode.Scalar>) {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        self.init(view)
    }

    /// Equal code point by code point.
    func isExactly(_ other: String) -> Bool { utf8.elementsEqual(other.utf8) }

    /// Whether the code points of `other` occur in a row; true for an empty `other`.
    func holds(_ other: String) -> Bool {
        let needle = Array(other.utf8)
        return Array(utf8).holds(needle)
    }

    /// `str.strip()`
    package var trimmed: String { String(scalars.trimmed) }

    /// `str.lower()`
    package var lowered: String {
        if utf8.allSatisfy({ $0 < 0x80 }) { return lowercased() }
        return String(scalars.lowered)
    }

    /// `str.split()`
    package var words: [String] { scalars.words.map { String($0) } }

    /// `str.split("\n")`: `\r` and the Unicode line ends are part of a line.
    var linesSplitAtLineFeeds: [String] {
        utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    /// Every occurrence of `part`, from the left, replaced.
    func replacing(every part: String, with other: String) -> String {
        let text = Array(utf8)
        let needle = Array(part.utf8)
        let replacement = Array(other.utf8)
        guard !needle.isEmpty, text.count >= needle.count else { return self }
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            if text[index] == needle[0], text[index...].starts(with: needle) {
                result += replacement
                index += needle.count
            } else {
                result.append(text[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}

extension Array where Element: Equatable {
    /// Whether `needle` occurs in a row.
    func holds(_ needle: [Element]) -> Bool { firstIndex(of: needle, from: 0) != nil }

    /// Place where `needle` next begins, at `start` or later.
    func firstIndex(of needle: [Element], from start: Int) -> Int? {
        guard let first = needle.first else { return start <= count ? start : nil }
        guard count >= needle.count else { return nil }
        var index = start
        while index <= count - needle.count {
            if self[index] == first, self[index..<index + needle.count].elementsEqual(needle) { return index }
            index += 1
        }
        return nil
    }
}

extension Unicode.Scalar {
    /// Python's whitespace, which is not Unicode's: it has U+001C-001F and lacks U+200B and U+FEFF.
    var isPythonSpace: Bool {
        switch value {
        case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F,
            0x3000:
            true
        default: false
        }
    }
}

extension Array where Element == Unicode.Scalar {
    var trimmed: Scalars {
        guard let first = firstIndex(where: { !$0.isPythonSpace }),
            let last = lastIndex(where: { !$0.isPythonSpace })
        else { return [] }
        return first == 0 && last == count - 1 ? self : Scalars(self[first...last])
    }

    var words: [Scalars] {
        split(whereSeparator: { $0.isPythonSpace }).map { Scalars($0) }
    }

    /// Full Unicode lower case; the one rule that looks at neighbours is the final sigma.
    var lowered: Scalars {
        var result: Scalars = []
        result.reserveCapacity(count)
        for (index, scalar) in enumerated() {
            switch scalar.value {
            case 0x41...0x5A: result.append(Unicode.Scalar(UInt8(scalar.value) + 32))
            case 0..<0x80: result.append(scalar)
            case 0x3A3: result.append(isFinalSigma(at: index) ? "\u{3C2}" : "\u{3C3}")
            default: result.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
            }
        }
        return result
    }

    /// A cased letter before it and none after it, looking past case-ignorable marks.
    private func isFinalSigma(at index: Int) -> Bool {
        guard let before = self[..<index].last(where: { !$0.properties.isCaseIgnorable }),
            before.properties.isCased
        else { return false }
        guard let after = self[(index + 1)...].first(where: { !$0.properties.isCaseIgnorable }) else {
            return true
        }
        return !after.properties.isCased
    }
}
