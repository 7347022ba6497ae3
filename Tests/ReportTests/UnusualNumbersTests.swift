import Files
import Foundation
import Report
import Settings
import Stage
import TestSupport
import Testing

/// What the page says of numbers that no sound run has.
@Suite struct UnusualNumbersTests {
    private func page(
        settings: ReportSettings = ReportSettings(), running: String? = nil,
        _ change: (SampleRun) throws -> Void
    ) throws -> String {
        try withTemporaryFolder { folder in
            let run = try SampleRun(in: folder.appendingPathComponent("run"), running: running)
            try change(run)
            return try RunReport(RunFolder(run.folder), settings: settings) { _ in
                "<svg>\n<g id=\"gnuplot_canvas\">\n</g>\n</svg>"
            }.page
        }
    }

    private func outputs(
        _ run: SampleRun, irs: [Double], tail: Double, sources: JSONValue? = nil
    ) throws {
        var counts: JSONObject = ["mean_tail_mass": .number(tail)]
        if let sources { counts.append("mean_tail_mass_by_source", sources) }
        try run.stage(
            "cache-teacher", "other-outputs", [StageInput("teacher", run.url("teacher"))],
            counts: .object(counts)
        ) { folder in
            let index: JSONValue = [
                "version": 2, "teacher": "t", "shards": "s", "complete": true, "entries": [],
                "settings": [
                    "encoding": "top_k", "top_k": 4, "samples": 64, "seed": 0, "common_vocabulary": 268,
                    "saliency_layer": 0, "saliency_mass": 1,
                ],
                "relevance": [
                    "pairs": 64, "scores": .array(irs.map { .number($0) }), "standard_errors": [0, 0],
                    "history": [
                        ["pairs": 8, "scores": [0.1, 0.2], "standard_errors": [0.01, 0.01]],
                        ["pairs": 16, "scores": [0.2, 0.1], "standard_errors": [0.01, 0.01]],
                    ],
                ],
            ]
            try AtomicOutput.writeAtomically(index.text(), to: folder.appendingPathComponent("index.json"))
        }
    }

    @Test func aFlatIRSAndALargeTailAreSaid() throws {
        let odd = try page { try outputs($0, irs: [0.004, 0.001], tail: 0.5) }
        #expect(odd.contains("In other-outputs the IRS is below 0.01 in all layers"))
        #expect(odd.contains("leave out 50.0 % of the teacher’s probability"))
        let sound = try page { try outputs($0, irs: [0.4, 0.1], tail: 0.02) }
        #expect(!sound.contains("Unusual: In other-outputs"))
        #expect(sound.contains("the same after so many pairs, by layer"))
    }

    @Test func theTailOfEachSourceOfAMixtureStandsBesideThatOfAll() throws {
        let mixed = try page {
            try outputs($0, irs: [0.4, 0.1], tail: 0.02, sources: ["coco-2017": 0.015, "vsr": 0.4])
        }
        #expect(mixed.contains("by source") && mixed.contains("coco-2017 1.50, vsr 40.00"))
        #expect(!(try page { try outputs($0, irs: [0.4, 0.1], tail: 0.02) }.contains("coco-2017")))
    }

    @Test func answersThatRunOnAreSaidUnderTheTitleOfOnesOwnData() throws {
        var settings = ReportSettings()
        settings.titles = ["groceries-yesno": "Our shop"]
        let page = try page(settings: settings, running: "sft") { _ in }
        #expect(page.contains("sft runs on: 4 of 4 answers to Our shop were cut off"))
        #expect(!page.contains("teacher runs on") && !page.contains("Groceries Y/N"))
    }

    @Test func titlesAreThoseOfBenchmarks() {
        var settings = ReportSettings()
        settings.titles = ["shop": "Our shop"]
        #expect(throws: SettingProblem.self) { try settings.check() }
    }
}
