import Foundation
import TestSupport
import Testing

/// The pages of the repository against its files: what is cited, linked or named exists.
@Suite struct PageTests {
    /// The pages for readers. The changelog is not among them: it names what is no more.
    private static let pages: [String] = {
        let docs = try? FileManager.default.contentsOfDirectory(
            atPath: Fixtures.repository.appendingPathComponent("docs").path)
        return ["README.md", "CONTRIBUTING.md"]
            + (docs ?? []).filter { $0.hasSuffix(".md") }.sorted().map { "docs/\($0)" }
    }()

    private func text(_ path: String) throws -> String {
        try String(contentsOf: Fixtures.repository.appendingPathComponent(path), encoding: .utf8)
    }

    private func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: Fixtures.repository.appendingPathComponent(path).path)
    }

    /// Paths below a folder, relative to the repository.
    private func files(below folder: String) -> [String] {
        let root = Fixtures.repository.appendingPathComponent(folder)
        let found = FileManager.default.enumerator(atPath: root.path)?.compactMap { $0 as? String } ?? []
        return found.map { "\(folder)/\($0)" }
    }

    private func headings(of page: String) throws -> Set<String> {
        Set(
            try text(page).split(separator: "\n").filter { $0.hasPrefix("#") }
                .map { String($0.drop { $0 == "#" || $0 == " " }).replacing("`", with: "") })
    }

    /// A citation is `docs/objective.md` or `docs/objective.md, Trunk once`; it may go on on the next line.
    @Test func everyPageAndSectionThatACommentCitesExists() throws {
        var cited = 0
        for path in (files(below: "Sources") + files(below: "Tests"))
        where [".swift", ".c", ".h", ".py"].contains(where: path.hasSuffix) {
            let comments = try text(path).replacing(#/\n[ \t]*(///?|\*|#)? ?/#, with: " ")
            for citation in comments.matches(of: #/docs/([a-z-]+\.md)(?:, ([A-Z][^.,:;()"`]*))?/#) {
                let page = "docs/\(citation.output.1)"
                guard exists(page) else {
                    Issue.record("\(path) cites \(page), which does not exist")
                    continue
                }
                guard let section = citation.output.2?.trimmingCharacters(in: .whitespaces) else { continue }
                cited += 1
                #expect(
                    try headings(of: page).contains(section),
                    "\(path) cites the section '\(section)' of \(page), which has none of that name")
            }
        }
        #expect(cited >= 8)
    }

    /// Numbered sections and nicknames of documents that are not in the repository cannot be looked up.
    @Test func noCommentCitesAPageFromElsewhere() throws {
        let nickname =
            #/\((design|semantics), |the style page|semantics\.md, section|benchmarks\.md, section/#
        for path in files(below: "Sources") + files(below: "docs") + ["README.md", "Makefile"]
        where [".swift", ".c", ".h", ".md", "Makefile"].contains(where: path.hasSuffix) {
            #expect(try text(path).firstMatch(of: nickname) == nil, "\(path)")
        }
    }

    @Test func everyLinkOfAPageLeadsToAFile() throws {
        for page in Self.pages {
            let folder = page.contains("/") ? "docs/" : ""
            for link in try text(page).matches(of: #/\]\(([^)#:]+)(#[^)]*)?\)/#) {
                #expect(exists(folder + link.output.1), "\(page) links to \(link.output.1)")
            }
        }
    }

    /// A name in backticks is a file where it begins with a folder of the repository or ends like source
    /// text. `*` stands for any characters; a name that holds `<` is a pattern and not looked up.
    @Test func everyFileThatAPageNamesExists() throws {
        let folders = ["Sources", "Tests", "docs", "pipelines", "data-manifests"]
        let known = folders.flatMap(files(below:)) + ["Package.swift"]
        let last = Set(known.compactMap { $0.split(separator: "/").last.map(String.init) })
        for page in Self.pages {
            let prose = try text(page).replacing(#/(?s)```.*?```/#, with: "")
            for quoted in prose.matches(of: #/`([A-Za-z0-9_.*+\/-]+)`/#) {
                let name = String(quoted.output.1)
                if folders.contains(where: { name.hasPrefix("\($0)/") }) {
                    guard
                        let pattern = try? Regex(
                            NSRegularExpression.escapedPattern(for: name).replacing("\\*", with: ".*") + "/?")
                    else { continue }
                    let found = exists(name) || known.contains { $0.wholeMatch(of: pattern) != nil }
                    #expect(found, "\(page) names \(name), which does not exist")
                } else if name.hasSuffix(".swift") || name.hasSuffix(".c"), !name.contains("*") {
                    #expect(
                        last.contains(String(name.split(separator: "/").last ?? "")),
                        "\(page) names \(name), which does not exist")
                }
            }
        }
    }

    /// The table of docs/architecture.md is in the order of Package.swift and leaves no target out.
    @Test func theMapNamesEveryFolderOfSourcesInTheOrderOfTheManifest() throws {
        let manifest = try text("Package.swift")
        let system = manifest.firstMatch(of: #/let system = \[([^\]]*)\]/#)?.output.1 ?? ""
        let targets =
            system.matches(of: #/"([A-Za-z]+)"/#).map { String($0.output.1) } + ["CKernels", "CMessages"]
            + manifest.matches(of: #/\n {4}\(\s*"([A-Za-z-]+)"/#).map { String($0.output.1) }
        let rows = try text("docs/architecture.md").split(separator: "\n")
            .filter { $0.hasPrefix("| `") }
            .flatMap { row in
                (row.split(separator: "|").first ?? "").matches(of: #/`([A-Za-z-]+)`/#)
                    .map { String($0.output.1) }
            }
        let named = rows.filter { exists("Sources/\($0)") }
        #expect(named == targets, "docs/architecture.md has one row for each target, in the manifest's order")
        let folders = try FileManager.default.contentsOfDirectory(
            atPath: Fixtures.repository.appendingPathComponent("Sources").path)
        #expect(Set(named) == Set(folders.filter { !$0.hasPrefix(".") }))
    }

    /// A step of a walk is a row that names a file below Sources/ and a function as its declaration begins.
    @Test func everyStepOfAWalkNamesAFunctionOfItsFile() throws {
        let steps = try text("docs/architecture.md").matches(
            of: #/\n\| [^|]* \| `([A-Za-z-]+\/[A-Za-z+]+\.swift)` \| `([^`]+)` \|/#)
        #expect(steps.count > 40)
        for step in steps {
            let file = "Sources/\(step.output.1)"
            guard exists(file) else {
                Issue.record("docs/architecture.md walks through \(file), which does not exist")
                continue
            }
            let declaration = step.output.2.hasPrefix("init") ? step.output.2 : "func \(step.output.2)"
            let source = try text(file)
            #expect(
                source.contains(declaration) || source.contains("var \(step.output.2)"),
                "docs/architecture.md walks through \(declaration) of \(file), which has none")
        }
    }
}
