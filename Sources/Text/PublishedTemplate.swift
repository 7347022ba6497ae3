import Files
import Foundation

/// The chat template that a published model brings, as far as it is one of ours.
package struct PublishedTemplate {
    let kind: ConversationTemplate.Kind
    /// What it says where a conversation has no system prompt: nothing, unless it holds a text of its own.
    /// Nil for vicuna and llama_2, whose published templates leave out what LLaVA trains with.
    let system: String?

    /// Markup by which a chat template is known.
    private static let marks: [(text: String, kind: ConversationTemplate.Kind)] = [
        ("<|im_start|>", .chatml), ("<|start_header_id|>", .llama3), ("[INST]", .llama2),
        ("ASSISTANT:", .vicuna),
    ]

    /// Reads `chat_template.jinja`, `chat_template.json` or the `chat_template` of `tokenizer_config.json`;
    /// nil where there is none.
    ///
    /// - Throws: `TextError.unsupported` for a template that is none of ours
    init?(_ folder: URL) throws {
        guard let (file, text) = try Self.text(in: folder) else { return nil }
        guard let mark = Self.marks.first(where: { text.contains($0.text) }) else {
            throw TextError.unsupported(
                file: file, field: "chat_template", found: "none that is known",
                supported: "chatml, llama_3, llama_2, vicuna; choose with the setting template")
        }
        if let other = Self.others.first(where: { text.contains($0.mark) }) {
            throw TextError.unsupported(
                file: file, field: "chat_template", found: other.name,
                supported: "chatml, llama_3, llama_2, vicuna; choose with the setting template")
        }
        kind = mark.kind
        let words = JinjaTexts(text)
        system =
            switch kind {
            case .chatml: words.system(after: "<|im_start|>system\n", before: "<|im_end|>")
            case .llama3:
                words.system(after: "<|start_header_id|>system<|end_header_id|>\n\n", before: "<|eot_id|>")
            // Mistral's, which LLaVA trains without a system prompt.
            case .llama2: text.contains("<<SYS>>") ? nil : ""
            case .vicuna, .plain: nil
            }
    }

    /// Templates that share a mark with one of ours and are others.
    private static let others: [(mark: String, name: String)] = [
        ("<|im_sep|>", "Phi's"), ("Cutting Knowledge Date", "Llama 3.1's, which tells the date"),
    ]

    /// The template's text and the file that has it; nil where there is none.
    package static func text(in folder: URL) throws -> (file: String, text: String)? {
        func url(_ name: String) -> URL? {
            let url = folder.appendingPathComponent(name)
            return FileManager.default.fileExists(atPath: url.path) ? url : nil
        }
        if let file = url("chat_template.jinja") {
            return (file.path, String(decoding: try InputBytes.read(file), as: UTF8.self))
        }
        for name in ["chat_template.json", "tokenizer_config.json"] {
            guard let file = url(name) else { continue }
            let field = try JSONField(parsing: InputBytes.read(file), file: file.path)
                .optional("chat_template")
            // A list of named templates: the one called default, else the first.
            if case .array(let list)? = field?.value {
                let chosen = list.first { $0["name"] == "default" } ?? list.first
                if let text = chosen?["template"]?.string { return (file.path, text) }
            } else if let field {
                return (file.path, try field.string())
            }
        }
        return nil
    }
}
