/// Texts one behind the other in memory: a million short ones cost little more than their bytes.
struct TextList {
    private var bytes: [UInt8] = []
    private var ends: [Int] = []

    /// Number of texts.
    var count: Int { ends.count }

    /// Adds a text behind the others.
    mutating func append(_ text: String) {
        bytes.append(contentsOf: text.utf8)
        ends.append(bytes.count)
    }

    /// The text of that number, from 0.
    subscript(number: Int) -> String {
        String(decoding: bytes[(number == 0 ? 0 : ends[number - 1])..<ends[number]], as: UTF8.self)
    }
}
