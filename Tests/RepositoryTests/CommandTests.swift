import Foundation
import TestSupport
import Testing

/// Commands in the pages against the Makefile and the stages.
@Suite struct CommandTests {
    private func text(_ path: String) throws -> String {
        try String(contentsOf: Fixtures.repository.appendingPathComponent(path), encoding: .utf8)
    }

    private func exists(_ path: Substring) -> Bool {
        FileManager.default.fileExists(atPath: Fixtures.repository.appendingPathComponent(String(path)).path)
    }

    /// Words before a colon at the start of a line, of the file and of what it includes by name.
    private func makeTargets(_ path: String) throws -> Set<String> {
        let text = try text(path)
        var targets: Set<String> = []
        for line in text.split(separator: "\n") where !line.hasPrefix("\t") && !line.hasPrefix("#") {
            if line.hasPrefix("include "), !line.contains("$") {
                targets.formUnion(try makeTargets(String(line.dropFirst("include ".count))))
            } else if let rule = line.wholeMatch(of: #/([^:=]+):([^=].*)?/#) {
                targets.formUnion(rule.output.1.split(separator: " ").map(String.init))
            }
        }
        return targets
    }

    /// Lines of the `sh` blocks of a page, without their comments and without what is in quotes.
    private func commands(of page: String) throws -> [Substring] {
        try text(page).components(separatedBy: "```").enumerated()
            .filter { $0.offset % 2 == 1 && $0.element.hasPrefix("sh\n") }
            .flatMap { $0.element.split(separator: "\n").dropFirst() }
            .map { $0.prefix { $0 != "#" }.replacing(#/=(['"]).*?\1/#, with: "=quoted") }
            .filter { !$0.isEmpty }
    }

    /// Long options of a stage as its source declares them.
    private func options(of stage: Substring) throws -> Set<String> {
        var found: Set<String> = ["help"]
        for folder in ["Sources/\(stage)", "Sources/Stage"] {
            let path = Fixtures.repository.appendingPathComponent(folder).path
            for file in try FileManager.default.contentsOfDirectory(atPath: path)
            where file.hasSuffix(".swift") {
                let source = try text("\(folder)/\(file)")
                found.formUnion(source.matches(of: #/customLong\("([a-z-]+)"\)/#).map { String($0.output.1) })
                found.formUnion(
                    source.matches(of: #/(?:var|case) ([a-zA-Z, ]+)/#).flatMap { declared in
                        declared.output.1.split(separator: ",").map { name in
                            name.trimmingCharacters(in: .whitespaces)
                                .replacing(#/[A-Z]/#) { "-" + $0.output.lowercased() }
                        }
                    })
            }
        }
        return found
    }

    @Test func theReadmeNamesTheTwoCommands() throws {
        let commands = try commands(of: "README.md").map { $0.trimmingCharacters(in: .whitespaces) }
        #expect(commands.contains("make distill") && commands.contains("make test"))
    }

    @Test func commandsOfThePagesNameTargetsStagesOptionsAndFilesThatExist() throws {
        let tables = try FileManager.default.contentsOfDirectory(
            atPath: Fixtures.repository.appendingPathComponent("pipelines/ablations/tables").path)
        let targets = try makeTargets("Makefile").union(tables.map { String($0.dropLast(".yaml".count)) })
        let docs = try FileManager.default.contentsOfDirectory(
            atPath: Fixtures.repository.appendingPathComponent("docs").path)
        let pages =
            ["README.md", "CONTRIBUTING.md"] + docs.filter { $0.hasSuffix(".md") }.map { "docs/\($0)" }
        for page in pages {
            for command in try commands(of: page) {
                let words = command.split(separator: " ")
                if words.first == "make" {
                    for word in words.dropFirst() where !word.contains("=") && !word.hasPrefix("-") {
                        #expect(targets.contains(String(word)), "\(page): make \(word)")
                    }
                } else if let stage = words.first, stage.hasPrefix(".build/release/") {
                    let name = stage.dropFirst(".build/release/".count)
                    guard exists("Sources/\(name)") else {
                        Issue.record("\(page): there is no stage \(name)")
                        continue
                    }
                    let options = try options(of: name)
                    for word in words where word.hasPrefix("--") {
                        #expect(options.contains(String(word.dropFirst(2))), "\(page): \(name) \(word)")
                    }
                }
                for word in words where word.hasPrefix("pipelines/") {
                    #expect(exists(word), "\(page): \(word)")
                }
            }
        }
    }
}
