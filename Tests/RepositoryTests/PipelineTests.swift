import Foundation
import TestSupport
import Testing

/// The pipelines as make sees them, where nothing is built, fetched or trained.
@Suite struct PipelineTests {
    static let pipelines: [String] = {
        let folder = Fixtures.repository.appendingPathComponent("pipelines").path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { FileManager.default.fileExists(atPath: "\(folder)/\($0)/pipeline.mk") }.sorted()
    }()
    /// Those of the paper's own models.
    static let papers = ["qwen2-0.5b", "qwen2-1.5b", "qwen3-0.6b", "qwen3-1.7b", "mobilellama-1.4b"]

    /// The sets of the paper's fine-tuning (Tests/Fixtures/paper/table13.csv) by our names, in its order.
    static let nine: [(name: String, papers: String)] = [
        ("vsr", "VSR"), ("scienceqa", "SQA"), ("textvqa", "TextVQA"), ("vigc", "VIGC"), ("iconqa", "IconQA"),
        ("visual-dialog", "Visual Dialog"), ("coco-2017", "COCO"), ("sharegpt4v", "ShareGPT4V"),
        ("sbu", "SBU"),
    ]

    /// Standard output and error of make, with no folder of data, models or results.
    private func make(_ arguments: [String]) throws -> (status: Int32, text: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments =
            ["make", "-o", "build", "B=/nowhere/run", "DATA=/nowhere/data", "PRETRAINED=/nowhere/models"]
            + arguments
        process.currentDirectoryURL = Fixtures.repository
        // Those of a `make test` above would add its options.
        process.environment = ProcessInfo.processInfo.environment.filter {
            !["MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES"].contains($0.key)
        }
        let pipe = Pipe()
        (process.standardOutput, process.standardError) = (pipe, pipe)
        try process.run()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }

    private func text(_ path: String) throws -> String {
        try String(contentsOf: Fixtures.repository.appendingPathComponent(path), encoding: .utf8)
    }

    @Test(arguments: pipelines) func theWholeChainIsShownThoughNothingIsThere(pipeline: String) throws {
        let (status, shown) = try make(["-n", "distill", "PIPELINE=\(pipeline)"])
        #expect(status == 0, "\(shown)")
        let sets = Self.papers.contains(pipeline) ? Self.nine.map(\.name) : ["distill"]
        for folder in [
            "teacher-start", "teacher-pretrained", "teacher", "student-start", "student-pretrained",
            "shards/pretrain", "teacher-outputs", "align-ti", "answers/teacher", "answers/align-ti", "scores",
        ] + sets.map({ "shards/\($0)" }) {
            #expect(shown.contains("--out /nowhere/run/\(folder) "), "\(pipeline) makes no \(folder)")
        }
    }

    /// A recipe whose base changes is made anew, however many files lie between them.
    @Test func theBasesOfBasesArePrerequisites() throws {
        let (status, shown) = try make(["-n", "-p", "distill", "PIPELINE=qwen3-1.7b"])
        #expect(status == 0)
        let rule = try #require(
            shown.split(separator: "\n").first { $0.hasPrefix("/nowhere/run/align-ti/receipt.json: ") })
        for file in [
            "qwen3-1.7b/align-ti", "qwen2-0.5b/align-ti", "qwen2-0.5b/sft", "qwen2-0.5b/teacher",
        ] {
            #expect(rule.contains(" pipelines/\(file).yaml"), "\(file)")
        }
    }

    @Test(arguments: papers) func everyInputThatIsMissingIsReportedWithWhatBringsIt(pipeline: String) throws {
        let (status, shown) = try make(["distill", "PIPELINE=\(pipeline)"])
        #expect(status == 2)
        let lines = shown.split(separator: "\n")
        let reported = lines.indices.filter { lines[$0].hasPrefix("make: missing: /nowhere/") }
        #expect(reported.count > 30)
        for place in reported {
            let remedy = lines[place + 1]
            #expect(
                remedy.hasPrefix("    make fetch DATASET=") || remedy.contains("data-manifests/"), "\(remedy)"
            )
        }
        #expect(shown.contains("\n    make fetch DATASET=\(pipeline) DATA=/nowhere/models\n"))
    }

    /// Table 13: nine sets, each converted and packed by itself, of which an epoch has the paper's counts.
    @Test(arguments: papers) func theNineSetsAreAMixtureWithThePapersCounts(pipeline: String) throws {
        let table = try text("Tests/Fixtures/paper/table13.csv").split(separator: "\n")
            .map { $0.split(separator: ",").map(String.init) }.filter { $0.first == "fine-tuning" }
        #expect(table.map { $0[1] } == Self.nine.map(\.papers))
        let (status, shown) = try make(["-n", "distill", "PIPELINE=\(pipeline)"])
        #expect(status == 0)
        let lines = shown.replacing("\\\n", with: "").split(separator: "\n")
        func line(_ parts: String...) throws -> Substring {
            try #require(lines.first { line in parts.allSatisfy(line.contains) }, "\(parts)")
        }
        let (trains, caches) = (
            try line("/train-student", "--out /nowhere/run/align-ti "), try line("/cache-teacher", "--shards")
        )
        for (set, row) in zip(Self.nine.map(\.name), table) {
            #expect(row[2].hasSuffix("K"))
            #expect(trains.contains("--set mixture.\(set).samples=\(row[2].dropLast())000 "), "\(set)")
            for line in [trains, caches] {
                #expect(line.contains("--shards \(set)=/nowhere/run/shards/\(set) "))
            }
            let packs = try line("/pack-shards", "--out /nowhere/run/shards/\(set) ")
            guard set != "vigc" else {
                #expect(packs.contains("--data /nowhere/data/vigc/vigc.json "))
                continue
            }
            let folder = "/nowhere/data/conversations/\(set)"
            #expect(packs.contains("--data \(folder)/\(set).json "))
            #expect(try line("/convert-data", "--out \(folder) ").contains("--from \(set) "))
        }
        let others = try make(["-n", "distill", "PIPELINE=\(pipeline)", "SETS_distill=vsr sbu"]).text
        #expect(others.contains("mixture.sbu.samples=844000") && !others.contains("mixture.vigc"))
        let file = try make(["-n", "distill", "PIPELINE=\(pipeline)", "SETS_distill="]).text
        #expect(file.contains("--data /nowhere/data/mobilevlm-v2-mix/MobileVLM_V2_FT_Mix2M.json "))
        #expect(!file.contains("mixture.") && !file.contains("convert-data"))
    }

    /// A teacher that is given needs neither its parts nor its data.
    @Test func aGivenTeacherSparesItsInputs() throws {
        let (status, shown) = try make(["distill", "PIPELINE=qwen2-0.5b", "TEACHER=/nowhere/teacher"])
        #expect(status == 2 && shown.contains("missing: /nowhere/teacher/config.json"))
        for name in ["qwen2-7b", "siglip-so400m", "llava-mix665k", "llava-pretrain/"] {
            #expect(!shown.contains("DATASET=\(name)\n") && !shown.contains("missing: /nowhere/data/\(name)"))
        }
        #expect(shown.contains("missing: /nowhere/models/qwen2-0.5b/config.json"))
    }

    /// A student of another size that is published has that model's shape, not one of a recipe's.
    @Test func aPublishedLargerStudentTakesNoRecipeOfItsSize() throws {
        let (status, shown) = try make(["-n", "table17", "PIPELINE=qwen2-0.5b"])
        #expect(status == 0 && shown.contains("--language /nowhere/models/qwen2-1.5b"))
        #expect(!shown.contains("models/student-larger.yaml"))
        #expect(try make(["-n", "table17", "PIPELINE=demo"]).text.contains("models/student-larger.yaml"))
    }

    /// What the paper's pipelines name is a file of a manifest, and each model has one.
    @Test func filesAndModelsOfThePapersPipelinesHaveManifests() throws {
        let named = try text("pipelines/qwen2-0.5b/data.mk").matches(
            of: #/:= \$\(DATA\)/([a-z0-9-]+)/([A-Za-z0-9_.-]+)\n/#)
        #expect(named.count == 6)
        for file in named {
            let manifest = try text("data-manifests/\(file.output.1).json")
            #expect(manifest.contains(#""path": "\#(file.output.2)""#), "\(file.output.0)")
        }
        for set in Self.nine { _ = try text("data-manifests/\(set.name).json") }
        var models: Set<String> = []
        for pipeline in Self.papers {
            models.formUnion(
                try text("pipelines/\(pipeline)/pipeline.mk").matches(
                    of: #/(?m)^(TEACHER_LANGUAGE|STUDENT_LANGUAGE|LARGER_LANGUAGE|TOWER) \?= (\S+)$/#
                ).map { String($0.output.2) })
        }
        #expect(models.isSuperset(of: Self.papers) && models.count == 10)
        for model in models { _ = try text("data-manifests/\(model).json") }
    }
}
