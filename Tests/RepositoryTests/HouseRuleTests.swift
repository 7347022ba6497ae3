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
        let exempt = [
            // Out of memory, and allocation cannot throw.
            (path: "Sources/Tensors/Arena.swift", call: "exit("),
            // One table of limits for the whole process, wherever bytes enter.
            (path: "Sources/Files/Limit.swift", call: "ProcessInfo.processInfo.environment"),
        ]
        for (path, text) in try sources("Sources", [".swift"]) {
            let target = path.split(separator: "/")[1]
            guard !stages.contains(String(target)), !target.contains("-") else { continue }
            for call in ["print(", "exit(", "ProcessInfo.processInfo.environment", "getenv("]
            where !exempt.contains(where: { $0 == (path, call) }) {
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
                text.split(separator: "\n", omittingEmptySubsequences: false).count <= 300,
                "\(path) is longer than 300 lines")
        }
    }
}
