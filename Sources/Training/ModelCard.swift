import Files
import Foundation
import Models
import Records
import Shards
import Text

/// The page that goes with a trained checkpoint, `README.md` as the Hugging Face hub shows it: what the model
/// is, what it was trained on and for, of what it was made, how it is run. Times are in the receipt, so the
/// same run writes the same card.
public struct ModelCard {
    /// Name of the file in the model's folder.
    public static let file = "README.md"

    /// Something the training read: the option, the folder, the digest of its contents.
    public typealias Source = (name: String, path: String, digest: String)

    private let configuration: LlavaConfiguration
    private let parameters: [(part: ModelPart, count: Int)]
    private let settings: TrainingSettings
    private let template: ConversationTemplate?
    private let samples: Int
    private let steps: Int
    private let totals: TrainingTotals
    private let sources: [Source]
    /// Names of the models that parts of this one come from.
    private let bases: [String]

    /// - Parameters:
    ///   - student: after its training
    ///   - steps: that were made
    ///   - sources: what the training read, the model it started from under the name `model`
    /// - Throws: `FilesError.system` where the receipts of those models cannot be read
    public init(
        _ student: LlavaModel, _ settings: TrainingSettings, dataset: ShardDataset, steps: Int,
        totals: TrainingTotals, sources: [Source]
    ) throws {
        bases = try Self.bases(sources)
        configuration = student.configuration
        parameters = ModelPart.allCases.map { part in
            (part, student.parameters(of: [part]).reduce(0) { $0 + $1.shape.reduce(1, *) })
        }
        (self.settings, self.steps, self.totals, self.sources) = (settings, steps, totals, sources)
        template = ConversationTemplate(identity: dataset.description.template)
        samples = dataset.count
    }

    /// Writes it into the model's folder.
    ///
    /// - Throws: `FilesError`
    public func write(into folder: URL) throws {
        try AtomicOutput.writeAtomically(text, to: folder.appendingPathComponent(Self.file))
    }

    /// The whole page.
    package var text: String {
        let title = configuration.vision.map {
            "\(named(configuration.text.family)) that sees (\($0.family.rawValue))"
        }
        return """
            \(frontMatter)
            # \(title.map { "LLaVA: \($0)" } ?? named(configuration.text.family))

            \(parts)

            ## Run it

            \(configuration.vision == nil ? Self.asksText : Self.asksPicture) `export-gguf` makes the files of
            llama.cpp of it.

            ## Training

            \(training)

            Time, memory and the kernels of the processor are in `receipt.json`, losses by step in
            `metrics.jsonl`.

            ## Provenance

            | what | folder | sha256 of its contents |
            |---|---|---|
            \(provenance)

            ## Scores

            None are kept here: `answer-benchmarks` asks this model, `score-benchmarks` writes `scores.json`
            and `table.txt`. Put the table here.

            """
    }

    private static let asksPicture = """
        ```python
        from transformers import pipeline
        ask = pipeline("image-text-to-text", model="this folder")
        content = [{"type": "image", "image": "photograph.jpg"},
                   {"type": "text", "text": "What is this?"}]
        answer = ask([{"role": "user", "content": content}], max_new_tokens=64, return_full_text=False)
        answer[0]["generated_text"]
        ```

        Or with Align-TI: `ask-model --model FOLDER --image photograph.jpg "What is this?"`.
        """
    private static let asksText = """
        ```python
        from transformers import pipeline
        ask = pipeline("text-generation", model="this folder")
        question = [{"role": "user", "content": "What is this?"}]
        answer = ask(question, max_new_tokens=64, return_full_text=False)
        answer[0]["generated_text"]
        ```

        Or with Align-TI: `ask-model --model FOLDER "What is this?"`.
        """

    private var provenance: String {
        sources.map { "| \($0.name) | `\(Self.name($0.path))` | `\($0.digest)` |" }.joined(separator: "\n")
    }

    private func named(_ family: TextConfiguration.Family) -> String { family.rawValue.capitalized }

    /// What the hub reads.
    private var frontMatter: String {
        let list =
            bases.isEmpty
            ? ""
            : "base_model:  # folders; put their names on the hub here\n"
                + bases.map { "- \(JSONText.quote($0))\n" }.joined()
        return """
            ---
            library_name: transformers
            pipeline_tag: \(configuration.vision == nil ? "text-generation" : "image-text-to-text")
            license: unknown  # fill in, by those of the base models and of the data
            \(list)tags:
            - align-ti
            ---

            """
    }

    private var parts: String {
        let text = configuration.text
        var rows = [
            (
                "language model",
                "\(text.family.rawValue), \(text.layers) layers of \(text.hidden), "
                    + "\(text.vocabulary) tokens"
            )
        ]
        if let vision = configuration.vision {
            rows.append(
                (
                    "vision tower",
                    "\(vision.family.rawValue), \(vision.layers) layers of \(vision.hidden), "
                        + "\(vision.imageSize) pixels, \(configuration.visualTokensPerImage) visual tokens "
                        + "an image"
                ))
        }
        rows.append(
            (
                "parameters",
                parameters.filter { $0.count > 0 }.map { "\($0.part.rawValue) \($0.count)" }
                    .joined(separator: ", ")
            ))
        if let template {
            rows.append(
                (
                    "conversation",
                    "\(template.kind.rawValue), answers end with \(JSONText.quote(template.endText))"
                ))
        }
        return "| | |\n|---|---|\n" + rows.map { "| \($0.0) | \($0.1) |" }.joined(separator: "\n")
    }

    private var training: String {
        let terms = LossTerms.Name.allCases.filter { settings.weights[$0] != 0 }.map {
            "\(settings.weights[$0]) × \($0.rawValue.uppercased())"
        }
        return """
            - Objective: \(terms.isEmpty ? "none" : terms.joined(separator: " + ")). SFT learns the data's \
            answers; KD, IVA and TPA the teacher's distributions at the answers, at the image, and at what \
            the student would say.
            - Trained: \(settings.trainable). The rest is as it was.
            - Data: \(samples) samples; \(totals.samplesSeen) seen in \(steps) steps of \
            \(settings.batchSize), \(totals.tokens) tokens, \(totals.supervisedTokens) of them learnt.
            - Rows through the student: \(totals.studentRows); through the teacher: \(totals.teacherRows).
            """
    }

    private static func name(_ path: String) -> String { URL(fileURLWithPath: path).lastPathComponent }

    /// Names of the folders that language model and tower come from, as far back as receipts lead; a part of
    /// random weights has none.
    private static func bases(_ sources: [Source]) throws -> [String] {
        guard let start = sources.first(where: { $0.name == "model" }) else { return [] }
        var found: [String] = []
        for part in ["language", "vision"] {
            if let name = try origin(of: part, in: start.path), !found.contains(name) { found.append(name) }
        }
        return found
    }

    private static func origin(of part: String, in path: String, depth: Int = 16) throws -> String? {
        guard depth > 0, let receipt = try receipt(in: URL(fileURLWithPath: path)) else { return name(path) }
        let before = receipt.stage == "assemble-model" ? part : "model"
        return try receipt.inputs.first { $0.name == before }
            .flatMap { try origin(of: part, in: $0.path, depth: depth - 1) }
    }

    /// A receipt on the way back; one that was altered, or is of another format, leads no further.
    private static func receipt(in folder: URL) throws -> Receipt? {
        do { return try Receipt.read(in: folder) } catch let error {
            // A disk that fails is no reason for another card.
            if case FilesError.system = error { throw error }
            return nil
        }
    }
}
