import Stage
import Testing

@Suite struct LiveTextTests {
    @Test func aTerminalIsRewrittenAndALogGrows() {
        for isTerminal in [true, false] {
            var text = ""
            let live = LiveText(isTerminal: isTerminal, put: { text += $0 })
            live.show(["a", "b"])
            live.show(["a", "b"])
            live.show(["c"])
            live.keep()
            live.show(["d"])
            #expect(text == (isTerminal ? "a\nb\n\u{1B}[2A\u{1B}[Jc\nd\n" : "a\nb\nc\nd\n"))
        }
    }
}
