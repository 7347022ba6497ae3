import Files
import Testing

@Suite struct TextTableTests {
    @Test func columnsStandBelowEachOther() {
        #expect(
            TextTable.aligned([["model", "a"], ["x", "12.5"], ["longer"]])
                == "model      a\nx       12.5\nlonger\n")
        #expect(TextTable.aligned([]) == "")
    }
}
