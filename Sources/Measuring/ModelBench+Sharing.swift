import Autograd
import Distillation
import Files
import Models
import TeacherStore
import Tensors

/// What it saves to compute an image's rows once for all that is asked about it.
extension ModelBench {
    /// Greedy answers to questions about two images, 16 a slot; beside the same prompts one by one.
    ///
    /// - Parameter count: questions about each image
    public func answering(perImage count: Int) throws -> Figure {
        let student = try makeStudent(trainable: false)
        let batch = shapes.makeBatch(samples: 2 * count, perImage: count)
        let (length, first, visual) = (shapes.length, shapes.firstResponse, shapes.visual)
        func answers(_ isShared: Bool) throws -> [[Int32]] {
            let rows = try batch.embeddings(student).data
            var ids = batch.samples.map { _ in [Int32]() }
            try student.language.generate(
                count: ids.count, settings: GenerationSettings(maximumNewTokens: 4, slots: 16),
                prompt: { number in
                    Prompt(
                        Value(rows.rows(number * length..<number * length + first)),
                        prefix: isShared ? .init(key: number / count, rows: visual) : nil)
                },
                finished: { ids[$0] = $1.ids })
            return ids
        }
        var same = 0
        let (shared, apart) = try inTurn(
            { same = zip(try answers(true), try answers(false)).count { $0 == $1 } },
            { _ = try answers(true) }, { _ = try answers(false) })
        return Figure(
            "answer_\(count)_an_image", shared,
            facts: [
                "questions_per_second": .rounded(Double(2 * count) / shared.spread.median),
                "times_one_prompt_each": .rounded(apart.spread.median / shared.spread.median),
                "same_answers": .int(same), "questions": .int(2 * count),
            ])
    }

    /// A pass of the teacher for the store over samples of which three are about one image, with the most
    /// probable ids of every row kept once; beside samples with an image each.
    public func caching(perImage count: Int) throws -> Figure {
        let outputs = TeacherOutputs(try makeTeacher())
        let settings = cacheSettings
        let samples = 2 * count
        let batches = [count, 1].map { shapes.makeBatch(samples: samples, perImage: $0) }
        func run(_ batch: AlignmentBatch) throws {
            let (hidden, _) = try outputs.pass(batch, settings)
            var seen: Set<Int> = []
            let rows = zip(batch.samples, batch.starts).flatMap { sample, start in
                let visual = seen.insert(sample.image ?? -1).inserted ? sample.visual ?? 0..<0 : 0..<0
                return (Array(visual) + sample.responsePositions.map { $0 - 1 }).map { Int32(start + $0) }
            }
            _ = outputs.targets(hidden: hidden, rows: rows, settings, streams: [])
        }
        let (shared, apart) = try inTurn({}, { try run(batches[0]) }, { try run(batches[1]) })
        return Figure(
            "cache_\(count)_an_image", shared,
            facts: [
                "samples_per_second": .rounded(Double(samples) / shared.spread.median),
                "times_one_trunk_each": .rounded(apart.spread.median / shared.spread.median),
            ])
    }

    /// Runs of two bodies in turn, after a third that is not timed.
    private func inTurn(
        _ before: () throws -> Void, _ one: () throws -> Void, _ other: () throws -> Void
    ) throws -> (Runs, Runs) {
        try before()
        var (ones, others): ([Runs], [Runs]) = ([], [])
        for _ in 0..<max(5, shapes.repeats) {
            ones.append(try Runs(warmup: 0, repeats: 1, one))
            others.append(try Runs(warmup: 0, repeats: 1, other))
        }
        return (Runs(joining: ones), Runs(joining: others))
    }
}
