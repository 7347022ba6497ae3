import Benchmarks
import Foundation
import TestSupport
import Testing

@Suite struct GroceriesTests {
    @Test(.enabled(if: Fixtures.real("groceries") != nil))
    func realPhotographsComeOutOfTheArchive() throws {
        let folder = try #require(Fixtures.real("groceries"))
        for name in ["groceries-yesno", "groceries-vqa"] {
            let benchmark = try BenchmarkList.open(name, at: folder)
            #expect(benchmark.differenceFromOfficial == nil)
            let questions = Array(benchmark.questions.prefix(5))
            let reader = try ImageReader(for: questions)
            for question in questions {
                #expect(try reader.bytes(of: question)?.starts(with: [0xFF, 0xD8, 0xFF]) == true)
            }
        }
    }

    @Test func anImageThatIsNowhereIsNamed() throws {
        try withTemporaryFolder { folder in
            let question = Question(
                id: .integer(4), text: "t", image: .file(folder.appendingPathComponent("a.jpg")), category: ""
            )
            #expect(
                throws: BenchmarkError.missingImage(
                    file: folder.appendingPathComponent("a.jpg").path, question: "4")
            ) { try ImageReader(for: [question]) }
        }
    }
}
