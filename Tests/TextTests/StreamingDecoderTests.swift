import Testing
import Text

struct StreamingDecoderTests {
    @Test func halfASequenceWaitsForItsRest() throws {
        let tokenizer = try TinyTokenizers.read(try TinyTokenizers.byteLevel())
        var stream = StreamingDecoder(tokenizer, skipSpecialTokens: true)
        // 🙂 is F0 9F 99 82.
        #expect(
            [0x61, 0xF0, 0x9F, 0x99, 0x82, 0x62, 258].map { stream.append($0) } == [
                "a", "", "", "", "🙂", "b", "",
            ])
        #expect(stream.append(0xC3) == "")
        #expect(stream.finish() == "\u{FFFD}")
        #expect(stream.finish() == "")
    }

    @Test func aSequenceThatCannotBeFinishedDoesNotWait() throws {
        let tokenizer = try TinyTokenizers.read(try TinyTokenizers.byteLevel())
        var stream = StreamingDecoder(tokenizer, skipSpecialTokens: true)
        // E0 80 is no beginning of anything; F0 9F is, until an "a" comes.
        #expect(
            [0xE0, 0x80, 0xF0, 0x9F, 0x61].map { stream.append($0) } == [
                "", "\u{FFFD}\u{FFFD}", "", "", "\u{FFFD}a",
            ])
    }

    @Test func byteTokensWaitForTheEndOfTheirRun() throws {
        let tokenizer = try TinyTokenizers.read(TinyTokenizers.sentencePiece())
        var stream = StreamingDecoder(tokenizer, skipSpecialTokens: true)
        // A later stray byte would turn the whole run into replacement characters.
        #expect([1, 265, 3 + 0xC3, 3 + 0xA9, 265].map { stream.append($0) } == ["", "the", "", "", "é the"])
    }

    @Test func everyRandomSequenceStreamsToWhatItDecodesTo() throws {
        for object in [TinyTokenizers.sentencePiece(), try TinyTokenizers.byteLevel()] {
            let tokenizer = try TinyTokenizers.read(object)
            var random = Random(state: 42)
            for _ in 0..<500 {
                let interesting: [Int32] = [
                    0xC3, 0xE2, 0x82, 0xAC, 0xF0, 0x9F, 0x99, 0x82, 0x61, 258, 259, 265,
                ]
                let ids = (0..<12).map { _ in
                    random.next() % 3 == 0 ? Int32(random.next() % 270) : interesting[Int(random.next() % 12)]
                }
                var stream = StreamingDecoder(tokenizer, skipSpecialTokens: false)
                let pieces = ids.map { stream.append($0) } + [stream.finish()]
                let whole = tokenizer.decode(ids, skipSpecialTokens: false)
                #expect(pieces.joined().utf8.elementsEqual(whole.utf8), "\(ids)")
            }
        }
    }
}

/// Numbers that are the same in every run.
struct Random {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 33
    }
}
