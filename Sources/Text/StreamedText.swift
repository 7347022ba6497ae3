/// Shows a text that grows at its end: what has been shown stays, and half a character is kept back.
public struct StreamedText {
    private var shown: [UInt8] = []

    public init() {}

    /// What is new of the text so far.
    public mutating func grow(to text: String) -> String {
        var bytes = Array(text.utf8)
        let unfinished = Array("\u{FFFD}".utf8)
        while bytes.suffix(unfinished.count).elementsEqual(unfinished) { bytes.removeLast(unfinished.count) }
        return show(bytes)
    }

    /// The rest, whatever it is.
    public mutating func finish(with text: String) -> String { show(Array(text.utf8)) }

    private mutating func show(_ bytes: [UInt8]) -> String {
        // Spaces before the first word are the template's.
        let bytes = Array(bytes.drop { $0 == 0x20 || $0 == 0x0A })
        guard bytes.count > shown.count, bytes.starts(with: shown) else { return "" }
        let new = bytes[shown.count...]
        shown = bytes
        return String(decoding: new, as: UTF8.self)
    }
}
