import ArgumentParser
import Files
import Foundation
import Stage
import Testing

private struct Opaque: Error {}

private struct LibraryError: Error, CustomStringConvertible {
    var description: String { "image.jpg: truncated" }
}

private struct Example: ParsableCommand {
    static let configuration = StageHelp.configuration(
        "example", abstract: "Shows.", discussion: "More.", example: "example --kind none")
    @OptionGroup var options: ConfigurationOptions
    @Option var kind: String
    func run() throws {
        switch kind {
        case "none": return
        case "missing": throw FilesError.missing(path: "a.json")
        case "full": throw FilesError.system(path: "out", operation: "write it", code: ENOSPC)
        case "data": throw FilesError.corrupt(path: "a", offset: 3, problem: "bad")
        case "library": throw LibraryError()
        case "interrupted": throw StageError.interrupted("saved at step 3")
        case "usage": throw ValidationError("--a and --b exclude each other")
        default: throw Opaque()
        }
    }
}

@Suite struct StageMainTests {
    private func run(_ arguments: [String]) -> (code: Int32, error: String, shown: String) {
        var (errors, shown): ([String], [String]) = ([], [])
        let code = StageMain.status(
            Example.self, arguments: arguments, say: { errors.append($0) }, show: { shown.append($0) })
        return (code, errors.joined(separator: "|"), shown.joined(separator: "|"))
    }

    @Test(
        arguments: [
            ("none", 0, ""), ("missing", 66, "example: error: a.json: no such file or folder"),
            ("full", 74, "example: error: out: cannot write it: No space left on device"),
            ("data", 65, "example: error: a at byte 3: bad"),
            ("library", 65, "example: error: image.jpg: truncated"),
            ("interrupted", 75, "example: error: interrupted: saved at step 3"),
            ("usage", 64, "example: error: --a and --b exclude each other"),
            ("opaque", 70, "example: error: Opaque()"),
        ] as [(String, Int32, String)])
    func errorsExitBySysexits(kind: String, code: Int32, text: String) {
        let result = run(["--kind", kind])
        #expect(result.code == code)
        #expect(result.error.hasPrefix(text) && result.error.isEmpty == text.isEmpty, "\(result.error)")
    }

    @Test(arguments: [
        [], ["--kind"], ["--kind", "none", "--nonsense"], ["--kind", "none", "--threads", "0"],
        ["--kind", "none", "--threads", "x"], ["--kind", "none", "--threads", "9223372036854775807"],
    ])
    func aWrongCommandLineIsAUsageError(arguments: [String]) {
        let result = run(arguments)
        #expect(result.code == 64)
        #expect(
            result.error.hasPrefix("example: error: ") && result.error.contains("See 'example --help'"),
            "\(result.error)")
    }

    @Test func helpShowsTheExample() {
        let result = run(["--help"])
        #expect(result.code == 0 && result.error.isEmpty)
        #expect(
            result.shown.contains("Example:\n  example --kind none")
                && result.shown.contains("--set <a.b=value>"), "\(result.shown)")
    }
}
