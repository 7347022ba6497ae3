import ArgumentParser
import Files
import Foundation
import Processors
import Stage

struct AskModel: RecipeCommand {
    typealias StageRecipe = AskingSettings

    static let configuration = StageHelp.configuration(
        "ask-model", abstract: "Asks a model about a picture, or about nothing in particular.",
        discussion: """
            Writes the answer on stdout as it comes. Without a question it reads one a line from stdin, and \
            each is asked with what was said before. Template, end of an answer and the way pictures are \
            prepared are the checkpoint's.
            """,
        example: """
            ask-model --model runs/demo/align-ti "Is there a circle in the image?"
            """)

    @OptionGroup var configuration: ConfigurationOptions
    @Option(help: "Folder of the LLaVA checkpoint, with its tokenizer.") var model: String
    @Option(help: ArgumentHelp("The picture that is asked about.", valueName: "file")) var image: String?
    @Argument(help: "The question.") var question: String?

    func run() throws {
        if let threads = configuration.threads { AllowedProcessors.limit(to: threads) }
        let folder = URL(fileURLWithPath: model)
        try configuration.input("model", folder).verify()
        var dialogue = try Dialogue(
            model: folder, image: image.map { URL(fileURLWithPath: $0) }, recipe())
        let interruption = Interruption()
        interruption.endsProcess("ask-model") { "the answer is not finished" }
        if let question {
            try ask(question, &dialogue, interruption)
            return
        }
        let isTerminal = isatty(STDIN_FILENO) == 1
        while true {
            if isTerminal { StandardError.put("> ") }
            guard let line = readLine() else { break }
            if line.trimmingCharacters(in: .whitespaces).isEmpty { continue }
            try ask(line, &dialogue, interruption)
        }
    }

    private func ask(_ question: String, _ dialogue: inout Dialogue, _ interruption: Interruption) throws {
        func goOn() throws {
            if interruption.isRequested { throw StageError.interrupted("the answer is not finished") }
        }
        let started = Date()
        let streams = !configuration.json
        let answer = try dialogue.ask(question, beforeStep: goOn) { piece in
            guard streams, !piece.isEmpty else { return }
            print(piece, terminator: "")
            fflush(nil)
        }
        if streams { print() }
        let seconds = Date().timeIntervalSince(started)
        configuration.printSummary([
            "question": .string(question), "answer": .string(answer.text),
            "prompt_tokens": .int(answer.promptTokens), "tokens": .int(answer.tokens),
            "ended_by": .string(answer.ending == .length ? "length" : "end"), "seconds": .number(seconds),
        ])
    }
}
