import Autograd
import Files
import Models
import Stage

extension ModelBench {
    /// Greedy decoding of `batch` sequences side by side; the prompts are visual tokens and instruction.
    ///
    /// The seconds are those of one decoding step: the difference of a run to the full length and one of a
    /// single token, which is the prefill, by the steps between them.
    public func decoding(batch count: Int) throws -> Figure {
        let student = try makeStudent(trainable: false)
        let batch = shapes.makeBatch(samples: count)
        let (length, first) = (shapes.length, shapes.firstResponse)
        func run(_ newTokens: Int) throws {
            // Projector and embeddings belong to the prefill.
            let rows = try batch.embeddings(student).data
            try student.language.generate(
                count: count, settings: GenerationSettings(maximumNewTokens: newTokens, slots: count),
                prompt: { Prompt(Value(rows.rows($0 * length..<$0 * length + first))) },
                finished: { _, _ in })
        }
        var (prefills, steps, cpu) = ([Double](), [Double](), 0.0)
        for round in 0..<shapes.warmup + shapes.repeats {
            let prefill = try Runs(warmup: 0, repeats: 1) { try run(1) }
            let whole = try Runs(warmup: 0, repeats: 1) { try run(shapes.decodedTokens) }
            guard round >= shapes.warmup else { continue }
            prefills.append(prefill.seconds[0])
            steps.append((whole.seconds[0] - prefill.seconds[0]) / Double(shapes.decodedTokens - 1))
            cpu += whole.cpuPerWall
        }
        let (step, prefill) = (Spread(steps), Spread(prefills))
        return Figure(
            "decode_b\(count)", seconds: step, cpuPerWall: cpu / Double(shapes.repeats),
            facts: [
                "tokens_per_second": .rounded(Double(count) / step.median),
                "prefill_seconds": .rounded(prefill.median),
                "prefill_useful_gflops": .rounded(work.prefill(batch: count) / prefill.median / 1e9),
                // What a step must read at least: every weight of the layers and of the head once.
                "weights_gb_per_second": .rounded(weightBytes / step.median / 1e9),
            ])
    }

    private var weightBytes: Double {
        let student = shapes.student
        let weights =
            UsefulWork.layerWeights(student) + Double(student.vocabulary) * Double(student.hidden)
        return weights * (precision == .fp32 ? 4 : 2)
    }
}
