import Records
import Testing

@Suite struct RunIdentityTests {
    private func identity(
        rate: Double = 3, every: Int = 1, shards: String = String(repeating: "a", count: 64)
    ) -> RunIdentity {
        RunIdentity(
            stage: "train", recipe: ["optimizer": ["rate": .double(rate)], "every": .int(every)],
            neutral: ["every"], inputs: [("shards", shards)])
    }

    @Test func whatCannotChangeTheResultIsNoPartOfIt() {
        #expect(identity(every: 2) == identity() && identity(every: 2).text == identity().text)
        #expect(identity(rate: 4) != identity())
        let whole = RunIdentity(
            stage: "train", recipe: ["optimizer": ["rate": .int(3)]], neutral: [],
            inputs: [("shards", String(repeating: "a", count: 64))])
        #expect(whole == identity() && whole.text == identity().text)
    }

    @Test func differencesAreNamedWithBothValues() {
        let other = identity(rate: 0.5, shards: String(repeating: "b", count: 64))
        #expect(
            RunIdentity.differences(from: identity().text, to: other.text) == [
                "input shards was aaaaaaaaaaaa, is now bbbbbbbbbbbb",
                "setting optimizer.rate was 3, is now 0.5",
            ])
        #expect(RunIdentity.differences(from: identity().text, to: identity(every: 9).text) == [])
        #expect(RunIdentity.differences(from: "an older one", to: identity().text) == [])
    }
}
