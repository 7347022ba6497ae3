/// A dictionary key that tells apart what differs in code points. Swift's own equality of texts takes
/// composed and decomposed letters for the same; names of files and ids are not.
public struct ExactKey: Hashable, Sendable {
    public let bytes: [UInt8]

    public init(_ text: String) { bytes = Array(text.utf8) }

    /// Several texts as one key; the separator is a byte that UTF-8 never uses.
    public init(_ first: String, _ second: String, _ third: String = "") {
        bytes = Array(first.utf8) + [0xFF] + Array(second.utf8) + [0xFF] + Array(third.utf8)
    }
}
