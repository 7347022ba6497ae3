import Benchmarks
import Testing

/// What Swift's own String would get wrong.
@Suite struct PythonTextTests {
    @Test func lowerCaseIsFullUnicodeWithTheFinalSigma() {
        #expect(Golden.same("\u{130}A".lowered, "i\u{307}a"))
        #expect(Golden.same("ΟΔΟΣ".lowered, "οδος"))
        #expect(Golden.same("ΣΑΣ Σ".lowered, "σας σ"))
        // Case-ignorable marks are looked past: the full stop is one, the space is not.
        #expect(Golden.same("ΑΣ.Α ΑΣ. ".lowered, "α\u{3C3}.α α\u{3C2}. "))
        #expect(Golden.same("ÀÉ".lowered, "àé"))
    }

    @Test func trimmingKnowsPythonsSpacesOnly() {
        #expect(Golden.same("\u{1C}\u{1F}\u{85}\u{A0}\u{3000} x \u{2028}\r\n".trimmed, "x"))
        #expect(Golden.same("\u{200B}x\u{FEFF}".trimmed, "\u{200B}x\u{FEFF}"))
        #expect(" \t ".trimmed == "")
        #expect("a\u{2003}b\u{200B}c d".words == ["a", "b\u{200B}c", "d"])
    }

    @Test func composedAndDecomposedAreDifferentQuestions() {
        #expect(QuestionID.string("caf\u{E9}") != QuestionID.string("cafe\u{301}"))
        #expect(QuestionID.string("7") != QuestionID.integer(7))
        #expect(GQA.normalize("Caf\u{E9}..").unicodeScalars.count == 4)
    }
}
