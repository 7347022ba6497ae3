import Testing
import Text

struct NormalizerTests {
    /// The bytes of the normalised text: the tiny byte-level tokenizer's ids below 256 are bytes.
    private func normalized(_ text: String, _ normalizer: TinyTokenizers.Object) throws -> String {
        var object = TinyTokenizers.with(try TinyTokenizers.byteLevel(), "normalizer", normalizer)
        object = TinyTokenizers.withModel(object, "merges", [String]())
        let ids = try TinyTokenizers.read(object).encode(text, addSpecialTokens: false)
        return String(decoding: ids.map { UInt8(truncatingIfNeeded: $0) }, as: UTF8.self)
    }

    @Test(arguments: [
        ("NFC", "e\u{301}\u{212B}\u{AC00}\u{11A8}\u{FB01}", "\u{E9}\u{C5}\u{AC01}\u{FB01}"),
        ("NFD", "\u{E9}\u{AC01}\u{FB01}", "e\u{301}\u{1100}\u{1161}\u{11A8}\u{FB01}"),
        ("NFKC", "\u{FB01}e\u{301}\u{2460}", "fi\u{E9}1"),
        ("NFKD", "\u{FB01}a\u{385}\u{323}", "fia \u{323}\u{308}\u{301}"),
        ("NFKC", "\u{32FF}", "\u{32FF}"),  // of Unicode 12.1: stands for itself, as in the reference's tables
        ("Lowercase", "ÀΣ İ", "àσ i\u{307}"),
        ("Strip", " \u{3000}a b\n", "a b"),
    ])
    func aFormIsAppliedScalarForScalar(_ type: String, _ text: String, _ expected: String) throws {
        let found = try normalized(text, ["type": type])
        #expect(Array(found.unicodeScalars) == Array(expected.unicodeScalars))
    }

    @Test func stepsRunInOrder() throws {
        let steps: TinyTokenizers.Object = [
            "type": "Sequence",
            "normalizers": [
                ["type": "Prepend", "prepend": "ab"],
                ["type": "Replace", "pattern": ["String": "bb"], "content": "c"],
                ["type": "Strip", "strip_left": false, "strip_right": true],
            ],
        ]
        #expect(try normalized("bbb ", steps) == "acc")
        #expect(try normalized("", steps) == "")
    }
}
