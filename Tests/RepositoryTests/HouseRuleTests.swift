import Foundation
import TestSupport
import Testing

/// What docs/ and the style page promise about every source file.
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
        for (path, text) in try sources("Sources", [".swift"]) {
            let target = path.split(separator: "/")[1]
            guard !stages.contains(String(target)), !target.contains("-") else { continue }
            for call in ["print(", "exit(", "ProcessInfo.processInfo.environment", "getenv("] {
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

    @Test func filesFitInAHead() throws {
        for (path, text) in try sources("Sources", [".swift", ".c", ".h"]) {
            #expect(
                text.split(separator: "\n", omittingEmptySubsequences: false).count <= 400,
                "\(path) is longer than 400 lines")
        }
    }

    @Test func commandsOfTheReadmeNameStagesTargetsAndFilesThatExist() throws {
        let readme = try String(
            contentsOf: Fixtures.repository.appendingPathComponent("README.md"), encoding: .utf8)
        let makefile = try String(
            contentsOf: Fixtures.repository.appendingPathComponent("Makefile"), encoding: .utf8)
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
                #expect(makefile.contains("\n\(words[1]):"), "README: make \(words[1])")
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
