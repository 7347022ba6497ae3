import Comparing
import Files
import Foundation

/// The page about one run, and the tables beside it.
///
/// The same run and settings give the same bytes.
public struct RunReport {
    /// One self-contained HTML document.
    public let page: String
    /// CSV files: every table of the page and the numbers of every plot.
    public let tables: [(name: String, text: String)]
    /// Sentences about what the run lacks, as the page has them.
    public let absent: [String]
    let sections: [ReportSection]

    /// - Parameters:
    ///   - published: systems whose scores stand beside ours
    ///   - draw: makes a plot's SVG document
    ///   - progress: called with the title of each section before it is made
    /// - Throws: `ReportError`; a part that is absent or unreadable is said in the page instead
    public init(
        _ run: RunFolder, settings: ReportSettings = ReportSettings(), published: PublishedModels? = nil,
        draw: (Plot) throws -> String = Gnuplot.svg, progress: (String) -> Void = { _ in }
    ) throws {
        func figure(_ plot: Plot, _ caption: String) throws -> Figure {
            // gnuplot draws no frame without a number.
            plot.isEmpty
                ? Figure(svg: "", caption: "\(caption) None of its numbers is finite.", plot: plot)
                : Figure(svg: InlineSVG.make(try draw(plot), for: plot), caption: caption, plot: plot)
        }
        var sections: [ReportSection] = []
        func add(_ name: String, _ make: () throws -> ReportSection) rethrows {
            progress(name)
            sections.append(try make())
        }
        let scored = try ScoredRun(run)
        try add("scores") {
            try ScoreSection(run: run, scored: scored, published: published, titles: settings.titles)
                .section()
        }
        try add("comparisons") { try ComparisonSection(run: run, titles: settings.titles).section() }
        try add("losses") { try LossSection(run: run, points: settings.points).section(figure) }
        try add("relevance") { try RelevanceSection(run: run).section(figure) }
        try add("attention") {
            try AttentionSection(
                run: run, scored: scored.adding(settings.attentionRows, of: run), settings: settings
            ).section()
        }
        try add("exposure") { try ExposureSection(run: run).section(figure) }
        try add("answers") {
            try AnswerSection(
                scored: scored, perBenchmark: settings.answersPerBenchmark, titles: settings.titles
            ).section()
        }
        try add("efficiency") { try EfficiencySection(run: run).section() }
        add("cost") { CostSection(run: run).section() }
        add("provenance") { ProvenanceSection(run: run).section() }
        var ids: Set<String> = []
        for index in sections.indices {
            sections[index].blocks = sections[index].blocks.map { $0.named(apartFrom: &ids) }
        }
        self.sections = sections
        let versions = Set(run.results.map(\.receipt.codeVersion)).sorted()
        let latest = run.results.map(\.receipt.finishedAt).max()
        page = try ReportPage(
            title: settings.title ?? run.url.lastPathComponent,
            facts: [
                "\(run.results.count) finished results",
                run.unfinished.isEmpty ? nil : "\(run.unfinished.count) not finished",
                latest.map { "the last at \($0)" },
                versions.isEmpty ? nil : "version \(versions.joined(separator: ", "))",
            ].compactMap { $0 }.joined(separator: " · "),
            footer:
                "Written by write-report from the receipts below \(run.url.lastPathComponent). Each table "
                + "and each plot’s numbers are beside this page as CSV.",
            sections: sections
        ).html()
        let blocks = sections.flatMap(\.blocks).flatMap(\.leaves)
        tables = blocks.flatMap { block -> [(name: String, text: String)] in
            switch block {
            case .table(let table): [("\(table.id).csv", table.csv)]
            case .figures(let figures): figures.map { ("\($0.plot.id).csv", CSV.text($0.plot.table)) }
            default: []
            }
        }
        absent = blocks.compactMap { if case .absent(let text) = $0 { text } else { nil } }
    }

    /// Writes `report.html` and the tables.
    public func write(to folder: URL) throws {
        for (name, text) in tables {
            try AtomicOutput.writeAtomically(text, to: folder.appendingPathComponent(name))
        }
        try AtomicOutput.writeAtomically(page, to: folder.appendingPathComponent("report.html"))
    }
}
