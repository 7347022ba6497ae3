import Stage
import Testing

@Suite struct ProgressReporterTests {
    /// A reporter on a clock that the test moves.
    private final class Scene {
        var time = 100.0
        var text = ""
        var columns = 120
        func reporter(isTerminal: Bool, total: Int? = 100, done: Int = 0) -> ProgressReporter {
            ProgressReporter(
                "packing", total: total, done: done, unit: "samples", isTerminal: isTerminal,
                put: { self.text += $0 }, columns: { self.columns }, now: { self.time })
        }
    }

    @Test func withoutATerminalALineComesEveryFiveSeconds() {
        let scene = Scene()
        let progress = scene.reporter(isTerminal: false)
        for done in 1...20 {
            scene.time += 0.5
            progress.update(done, suffix: "loss \(done)")
        }
        progress.finish()
        #expect(
            scene.text == """
                packing: 10/100 samples, 10%, 2.00 samples/s, 45 s left, loss 10
                packing: 20/100 samples, 20%, 2.00 samples/s, 40 s left, loss 20
                packing: 20/100 samples, 2.00 samples/s, took 10 s\n
                """)
    }

    @Test func onATerminalOneLineIsRewritten() {
        let scene = Scene()
        let progress = scene.reporter(isTerminal: true)
        scene.time += 1
        progress.advance(by: 50, suffix: "a long text")
        scene.time += 0.01
        progress.advance()
        scene.time += 0.99
        progress.advance(by: 49)
        progress.finish()
        let lines = scene.text.split(separator: "\r").map(String.init)
        #expect(lines[0] == "packing: 50/100 samples, 50%, 50.0 samples/s, 1 s left, a long text")
        #expect(lines.count == 3)
        #expect(lines[1].count == lines[0].count)  // blanks over what was there
        #expect(lines[2].hasSuffix("took 2 s\n"))
    }

    @Test func theCourseOfAValueIsDrawnBehindTheLineAsFarAsTheTerminalIsWide() {
        let scene = Scene()
        let progress = scene.reporter(isTerminal: true)
        for loss in [4.0, 3, 2, 1] {
            scene.time += 1
            progress.advance(value: loss, suffix: "loss \(loss)")
        }
        #expect(scene.text.split(separator: "\r").last?.hasSuffix("loss 1.0 █▆▃▁") == true)
        scene.columns = 30
        scene.time += 1
        progress.advance(value: 1)
        // Blanks cover the longer line before; the text itself is cut.
        let last = scene.text.split(separator: "\r").last ?? ""
        #expect(
            last.prefix { $0 != " " } == "packing:" && last.trimmingCharacters(in: .whitespaces).count <= 29)
    }

    @Test func aLogHasNoCurve() {
        let scene = Scene()
        let progress = scene.reporter(isTerminal: false)
        scene.time += 6
        progress.advance(value: 3)
        #expect(scene.text == "packing: 1/100 samples, 1%, 0.17 samples/s, 9:54 left\n")
    }

    @Test func whatWasDoneBeforeDoesNotCountForTheRate() {
        let scene = Scene()
        let progress = scene.reporter(isTerminal: false, done: 90)
        scene.time += 5
        progress.update(95)
        #expect(scene.text == "packing: 95/100 samples, 95%, 1.00 samples/s, 5 s left\n")
    }

    @Test func withoutATotalThereIsNoEnd() {
        let scene = Scene()
        let progress = scene.reporter(isTerminal: false, total: nil)
        scene.time += 7300
        progress.update(73)
        progress.finish()
        #expect(
            scene.text
                == "packing: 73 samples, 0.01 samples/s\npacking: 73 samples, 0.01 samples/s, took 2:01:40\n")
    }
}
