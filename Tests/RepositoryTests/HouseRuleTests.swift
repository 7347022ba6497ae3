import Foundation
import TestSupport
import Testing

/// Promises of CONTRIBUTING.md about every source file.
@Suite struct HouseRuleTests {
    private func sources(_ folder: String, _ suffixes: [String]) throws -> [(path: String, text: String)] {
        let root = Fixtures.repository.appendingPathComponent(folder)
        let found =
            FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil)?.compactMap {
                $0 as? URL
            } ?? []
        return try found.filter { url in suffixes.contains { url.path.hasSuffix($0) } }.map {
            (
                String($0.path.dropFirst(Fixtures.repository.path.count + 1)),
                try String(contentsOf: $0, encoding: .utf8)
            )
        }
    }

    @Test func librariesNeverPrintExitOrReadTheEnvironment() throws {
        let stages = Set(["Stage"])
        let exempt = (path: "Sources/Tensors/Arena.swift", call: "exit(")  // out of memory, and allocation cannot throw
        for (path, text) in try sources("Sources", [".swift"]) {
            let target = path.split(separator: "/")[1]
            guard !stages.contains(String(target)), !target.contains("-") else { continue }
            for call in ["print(", "exit(", "ProcessInfo.processInfo.environment", "getenv("]
            where (path, call) != exempt {
                let lines = text.split(separator: "\n").filter { line in
                    let code = line.trimmingCharacters(in: .whitespaces)
                    guard !code.hasPrefix("//"), let range = code.range(of: call) else { return false }
                    // Inside a text it is no call.
                    guard code[..<range.lowerBound].count(where: { $0 == "\"" }) % 2 == 0 else {
                        return false
                    }
                    return range.lowerBound == code.startIndex
                        || !(code[code.index(before: range.lowerBound)].isLetter
                            || code[code.index(before: range.lowerBound)] == ".")
                }
                #expect(lines.isEmpty, "\(path): \(call)")
            }
        }
    }

    @Test func nothingFromOutsideIsForced() throws {
        for (path, text) in try sources("Sources", [".swift"]) {
            for word in ["try!", "fatalError(", "as!", "TODO", "FIXME"] {
                #expect(!text.contains(word), "\(path) holds \(word)")
            }
        }
    }

    @Test func noFileIsTooLongToRead() throws {
        for (path, text) in try sources("Sources", [".swift", ".c", ".h"]) {
            #expect(
                text.split(separator: "\n", omittingEmptySubsequences: false).count <= 400,
                "\(path) is longer than 400 lines")
        }
    }

    /// Words before a colon at the start of a line, of the file and of what it includes by name; a list of
    /// targets that is a variable, such as $(COMPARISONS), stands for its words.
    private func makeTargets(_ path: String) throws -> Set<String> {
        let text = try String(
            contentsOf: Fixtures.repository.appendingPathComponent(path), encoding: .utf8)
        var (targets, lists): (Set<String>, [Substring: Substring]) = ([], [:])
        for line in text.split(separator: "\n") where !line.hasPrefix("\t") && !line.hasPrefix("#") {
            if let list = line.wholeMatch(of: #/([A-Za-z0-9]+) := (.*)/#) {
                lists[list.output.1] = list.output.2
            } else if line.hasPrefix("include "), !line.contains("$") {
                targets.formUnion(try makeTargets(String(line.dropFirst("include ".count))))
            } else if let rule = line.wholeMatch(of: #/([^:=]+):([^=].*)?/#) {
                var names = rule.output.1
                if let list = names.wholeMatch(of: #/\$\(([A-Za-z0-9]+)\)/#) {
                    names = lists[list.output.1] ?? ""
                }
                targets.formUnion(names.split(separator: " ").map(String.init))
            }
        }
        return targets
    }

    @Test func commandsOfTheReadmeNameStagesTargetsAndFilesThatExist() throws {
        let readme = try String(
            contentsOf: Fixtures.repository.appendingPathComponent("README.md"), encoding: .utf8)
        let targets = try makeTargets("Makefile")
        var commands: [Substring] = []
        for (index, block) in readme.components(separatedBy: "```").enumerated()
        where index % 2 == 1 && block.hasPrefix("sh\n") {
            commands += String(block).split(separator: "\n").dropFirst().map { $0 }
        }
        #expect(
            commands.contains { $0.hasPrefix("make distill") }
                && commands.contains { $0.hasPrefix("make test") })
        for command in commands {
            let words = command.split(separator: " ")
            if words.first == "make", words.count > 1 {
                #expect(targets.contains(String(words[1])), "README: make \(words[1])")
            } else if let stage = words.first(where: { $0.hasPrefix(".build/release/") }) {
                let name = stage.dropFirst(".build/release/".count)
                #expect(
                    FileManager.default.fileExists(
                        atPath: Fixtures.repository.appendingPathComponent("Sources/\(name)").path),
                    "README: \(name)")
            }
            for word in words where word.hasPrefix("pipelines/") {
                #expect(
                    FileManager.default.fileExists(
                        atPath: Fixtures.repository.appendingPathComponent(String(word)).path),
                    "README: \(word)")
            }
        }
    }
}
