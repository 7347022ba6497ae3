import Testing
import Text

/// Steps that only show in ids: each tokenizer differs from `TinyTokenizers` in one field.
struct PreTokenizerTests {
    private func ids(_ text: String, pre: TinyTokenizers.Object) throws -> [Int32] {
        let object = TinyTokenizers.with(try TinyTokenizers.byteLevel(), "pre_tokenizer", pre)
        return try TinyTokenizers.read(object).encode(text, addSpecialTokens: false)
    }

    @Test func prefixSpaceIsPutBeforeEveryStretchThatHasNone() throws {
        #expect(try ids("th", pre: ["type": "ByteLevel", "add_prefix_space": true]) == [257])
        #expect(try ids(" th", pre: ["type": "ByteLevel", "add_prefix_space": true]) == [257])
        #expect(
            try ids("th<|endoftext|>th", pre: ["type": "ByteLevel", "add_prefix_space": true]) == [
                257, 258, 257,
            ])
        #expect(try ids("th", pre: ["type": "ByteLevel", "add_prefix_space": false]) == [256])
    }

    @Test func digitsStandAlone() throws {
        // "1" would merge with nothing here; what shows is that each piece gets its own prefix space.
        let each: TinyTokenizers.Object = [
            "type": "Sequence",
            "pretokenizers": [
                ["type": "Digits", "individual_digits": true],
                ["type": "ByteLevel", "add_prefix_space": true, "use_regex": false],
            ],
        ]
        #expect(try ids("th12", pre: each) == [257, 0x20, 0x31, 0x20, 0x32])
        let together: TinyTokenizers.Object = [
            "type": "Sequence",
            "pretokenizers": [
                ["type": "Digits", "individual_digits": false],
                ["type": "ByteLevel", "add_prefix_space": true, "use_regex": false],
            ],
        ]
        #expect(try ids("th12th", pre: together) == [257, 0x20, 0x31, 0x32, 257])
    }

    @Test(arguments: [
        ("always", [265, 2, 265] as [Int32]), ("first", [265, 2, 264]), ("never", [264, 2, 264]),
    ])
    func metaspacePrependsByItsScheme(_ scheme: String, _ expected: [Int32]) throws {
        var object = TinyTokenizers.with(
            TinyTokenizers.sentencePiece(), "normalizer", [String: Any]?.none as Any)
        object["normalizer"] = nil
        object["pre_tokenizer"] = [
            "type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": true,
        ]
        object["decoder"] = [
            "type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": true,
        ]
        let tokenizer = try TinyTokenizers.read(object)
        #expect(tokenizer.encode("the</s>the", addSpecialTokens: false) == expected)
        #expect(tokenizer.encode("the the", addSpecialTokens: false).last == 265)
        #expect(
            tokenizer.decode([265, 265], skipSpecialTokens: true)
                == (scheme == "never" ? " the the" : "the the"))
    }

    @Test func withoutADecoderTokensAreJoinedBySpaces() throws {
        var object = TinyTokenizers.sentencePiece()
        object["decoder"] = nil
        #expect(try TinyTokenizers.read(object).decode([260, 261], skipSpecialTokens: true) == "t h")
    }
}
