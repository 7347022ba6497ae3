import Comparing
import Foundation
import Records
import Testing

/// One replicate: what is tested are the units of the headlines, and no direction contradicts its test.
@Suite struct QuestionTestTests {
    private struct Answers {
        let benchmark: String
        var group = ""
        let credits: [Double]
        var question: (Int) -> String = { "\($0)" }
    }

    private func run(_ scores: [String: Double], _ answers: [Answers]) -> RunScores {
        RunScores(
            values: scores,
            items: answers.flatMap { answers in
                answers.credits.enumerated().map {
                    ItemRecord(
                        model: "m", benchmark: answers.benchmark, question: answers.question($0.offset),
                        group: answers.group, credit: $0.element)
                }
            })
    }

    private func cell(_ column: String, _ base: RunScores, _ ours: RunScores) throws -> ComparisonCell {
        var settings = ComparisonSettings()
        (settings.baseline, settings.columns) = ("kd", [column])
        settings.rows = [ComparedRow(row: "kd"), ComparedRow(row: "align-ti")]
        return try RunComparison(settings, runs: ["kd": [base], "align-ti": [ours]]).cells()[1]
    }

    @Test func replicatesAnswerTheSameQuestionsAndAreNoCopies() throws {
        func cell(_ base: [RunScores], _ ours: [RunScores]) throws -> ComparisonCell {
            var settings = ComparisonSettings()
            (settings.baseline, settings.columns) = ("kd", ["gqa"])
            settings.rows = [ComparedRow(row: "kd"), ComparedRow(row: "align-ti")]
            return try RunComparison(settings, runs: ["kd": base, "align-ti": ours]).cells()[1]
        }
        func run(_ score: Double, of all: Int) -> RunScores {
            self.run(["gqa": score], [Answers(benchmark: "gqa", credits: ones(1, of: all))])
        }
        let whole = [run(50, of: 16), run(52, of: 16)]
        #expect(try cell(whole, [run(51, of: 16), run(55, of: 16)]).test == .pairedT)
        #expect(throws: ComparingError.self) { try cell(whole, [run(51, of: 16), run(55, of: 3)]) }
        // Equal differences: a t test would be sure of them.
        for first in [51, 51 + 1e-12] {
            let same = try cell(whole, [run(first, of: 16), run(53, of: 16)])
            #expect(abs((same.difference ?? 0) - 1) < 1e-9 && same.p == nil)
        }
    }

    private func ones(_ count: Int, of all: Int) -> [Double] { (0..<all).map { $0 < count ? 1 : 0 } }

    @Test func questionsWithoutAPictureAreNotScienceQAsHeadline() throws {
        func run(_ pictures: Int, _ texts: Int) -> RunScores {
            self.run(
                ["scienceqa": Double(pictures)],
                [
                    Answers(benchmark: "scienceqa", group: "image", credits: ones(pictures, of: 100)),
                    Answers(benchmark: "scienceqa", group: "text", credits: ones(texts, of: 100)),
                ])
        }
        let cell = try cell("scienceqa", run(50, 90), run(51, 20))
        #expect(cell.difference == 1 && cell.test == .mcnemar)
        #expect(cell.wins == 1 && cell.losses == 0 && cell.p == 1)
        #expect(ComparisonTable.direction(cell) == "not significant")
    }

    @Test func aGroupOfMMBenchIsRightWhereAllItsRotationsAre() throws {
        /// Three groups of two rotations.
        func run(_ credits: [Double]) -> RunScores {
            self.run(
                ["mmbench": 0],
                [
                    Answers(benchmark: "mmbench", credits: credits) { "\($0 % 3 + 1_000_000 * ($0 / 3))" }
                ])
        }
        let cell = try cell("mmbench", run([1, 1, 0, 1, 0, 0]), run([1, 1, 1, 0, 1, 1]))
        #expect(cell.wins == 2 && cell.losses == 1)
    }

    @Test func cognitionIsNotMMEsHeadline() throws {
        func run(_ perception: [Double], _ cognition: [Double]) -> RunScores {
            self.run(
                ["mme": 0],
                [
                    Answers(benchmark: "mme", group: "count", credits: perception),
                    Answers(benchmark: "mme", group: "code_reasoning", credits: cognition) { "code/\($0)" },
                ])
        }
        let cell = try cell("mme", run([1, 0], [1, 1, 1]), run([1, 1], [0, 0, 0]))
        #expect(cell.wins == 1 && cell.losses == 0)
    }

    @Test func everyBenchmarkWeighsTheSameInTheTestOfTheAverage() throws {
        let small = ["scienceqa", "textvqa", "pope", "mme", "mmbench"]
        let groups = ["scienceqa": "image", "mme": "count"]
        /// A thousand questions of GQA, ten of each other.
        func run(_ gqa: Int, _ others: Int) -> RunScores {
            self.run(
                ["gqa": Double(gqa) / 10, "average": 0],
                [Answers(benchmark: "gqa", credits: ones(gqa, of: 1000))]
                    + small.map {
                        Answers(benchmark: $0, group: groups[$0] ?? "", credits: ones(others, of: 10))
                    })
        }
        // GQA: 40 of 1,000 lost. Each of five others: 6 of 10 won. Mean (0.6 * 5 - 0.04) / 6; variance (5 * 6
        // / 10² + 40 / 1000²) / 6².
        let cell = try cell("average", run(540, 2), run(500, 8))
        let z = (3 - 0.04) / (0.3 + 40e-6).squareRoot()
        #expect(cell.test == .signFlips && abs((cell.z ?? 0) - z) < 1e-9)
        #expect(abs((cell.p ?? 1) - erfc(z / 2.0.squareRoot())) < 1e-12)
        #expect(cell.wins == 30 && cell.losses == 40)
        #expect(ComparisonCell.text([cell]).contains(#""test": "sign flips", "z": 5.4"#))
        // Equal headlines of models that differ: no side.
        #expect(cell.tested == .above && ComparisonTable.direction(cell) == "not significant")
    }

    @Test func aHeadlineThatPointsTheOtherWayThanItsTestIsNoDirection() throws {
        func run(_ f1: Double, _ right: Int) -> RunScores {
            self.run(["pope": f1], [Answers(benchmark: "pope", credits: ones(right, of: 100))])
        }
        let cell = try cell("pope", run(60, 70), run(65, 40))
        #expect((cell.p ?? 1) < 1e-6 && cell.tested == .below)
        #expect(ComparisonTable.direction(cell) == "not significant")
        #expect(ComparisonTable.direction(try self.cell("pope", run(65, 70), run(60, 40))) == "below")
    }
}
