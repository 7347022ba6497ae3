import Files
import Testing

@Suite struct CSVTests {
    private let nasty = [
        ["a", "b,c", "say \"no\""], ["two\nlines", "\r\n", " padded "], ["", "ü ½ ✓", "=1+1"],
    ]

    @Test func cellsAreQuotedWhereTheyMustBe() {
        #expect(CSV.text([["a", "b,c"], ["say \"no\"", ""]]) == "a,\"b,c\"\n\"say \"\"no\"\"\",\n")
    }

    @Test func whatIsWrittenIsReadBack() {
        #expect(CSV.rows(CSV.text(nasty)) == nasty)
    }

    /// A combining mark makes one character of it and the quote or comma before: cells go by code point.
    @Test func combiningMarksHideNoComma() {
        let row = [["a,\u{301}b", "\"\u{308}"]]
        #expect(CSV.rows(CSV.text(row)) == row)
        #expect(CSV.text(row).unicodeScalars.count { $0 == "\"" } == 2 + 2 + 2)
    }

    @Test func filesOfOtherProgramsAreRead() {
        #expect(
            CSV.rows("\u{FEFF}x,y\r\n1,2\r\n\r\n3,\"4\r\n5\"") == [
                ["x", "y"], ["1", "2"], ["3", "4\r\n5"],
            ])
        #expect(CSV.rows("").isEmpty && CSV.rows("\n\n").isEmpty)
        #expect(CSV.rows("a,\"never closed") == [["a", "never closed"]])
    }
}
