import Files
import Foundation
import Models
import Tensors

/// Speed of a trained model's answers.
public enum AnsweringBench {
    private static let (prompts, promptTokens) = (64, 32)

    /// Continues prompts of random tokens to the full length, without stops, so that the work does not depend
    /// on the weights.
    ///
    /// - Parameter folder: of a checkpoint
    public static func answering(_ folder: URL, repeats: Int) throws -> [Figure] {
        let language = try LlavaModel(folder: folder).language
        return try [2, 32].flatMap { newTokens in
            var first: Double?
            return try [1, 4, 16].map { slots in
                let settings = GenerationSettings(maximumNewTokens: newTokens, slots: slots)
                let runs = try Runs(warmup: 1, repeats: repeats) {
                    try language.generate(
                        count: prompts, settings: settings,
                        prompt: { number in
                            var random = CounterRandom(UInt64(number))
                            return Prompt(
                                language.embed(
                                    (0..<promptTokens).map { _ in
                                        Int32(random.next() % UInt64(language.vocabularySize))
                                    }))
                        }, finished: { _, _ in })
                }
                let seconds = runs.spread.median
                first = first ?? seconds
                return Figure(
                    "answer_\(newTokens)_b\(slots)", runs,
                    facts: [
                        "answers_per_second": .rounded(Double(prompts) / seconds), "slots": .int(slots),
                        "new_tokens": .int(newTokens),
                        "times_one_slot": .rounded((first ?? seconds) / seconds),
                    ])
            }
        }
    }
}
