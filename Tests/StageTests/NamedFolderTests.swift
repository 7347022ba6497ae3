import ArgumentParser
import Foundation
import Stage
import Testing

@Suite struct NamedFolderTests {
    private struct Command: ParsableCommand {
        @Option(name: .customLong("model"), help: ArgumentHelp("A model.", valueName: NamedFolder.valueName))
        var models: [NamedFolder] = []

        func validate() throws { try models.requireDistinctNames("--model") }
    }

    @Test func theNameEndsAtTheFirstEqualsSign() throws {
        let command = try Command.parse(["--model", "a=x=y", "--model", "b=/z"])
        #expect(command.models.map(\.name) == ["a", "b"])
        #expect(command.models.map(\.url.lastPathComponent) == ["x=y", "z"])
    }

    @Test(arguments: ["runs/teacher", "=folder", "name=", "a\nb=folder", "a\u{1B}[31m=folder"])
    func whatIsNoPairIsRefusedWithTheFormThatIsExpected(text: String) {
        let error = #expect(throws: (any Error).self) { try Command.parse(["--model", text]) }
        #expect(error.map { Command.message(for: $0) }?.contains("--model <name=folder>") == true)
    }

    @Test func aNameComesOnce() {
        let error = #expect(throws: (any Error).self) {
            try Command.parse(["--model", "a=x", "--model", "a=y"])
        }
        #expect(error.map { Command.message(for: $0) } == "two --model have one name")
    }
}
