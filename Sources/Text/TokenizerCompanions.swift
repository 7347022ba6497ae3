import Files
import Foundation

/// What else a folder says of its tokenizer, beside `tokenizer.json`.
struct TokenizerCompanions {
    let folder: URL

    /// Fails where there is a vocabulary of another form and no `tokenizer.json`.
    ///
    /// - Throws: `TextError.unsupported`
    func requireTokenizer(_ url: URL) throws {
        let others = ["tokenizer.model", "vocab.json", "vocab.txt"]
        guard !FileManager.default.fileExists(atPath: url.path),
            let other = others.first(where: { exists($0) })
        else { return }
        throw TextError.unsupported(
            file: folder.path, field: "tokenizer", found: other,
            supported: "tokenizer.json, which transformers writes: "
                + "AutoTokenizer.from_pretrained(folder).save_pretrained(folder)")
    }

    /// Fails where a token is added beside `tokenizer.json` only: transformers would find it in texts, with
    /// an id of its own.
    ///
    /// - Parameter isKnown: whether `tokenizer.json` has a token
    /// - Throws: `TextError.unsupported`, `FilesError`
    func requireTokens(_ isKnown: (String) -> Bool) throws {
        for (file, field, token) in try listed() where !isKnown(token) {
            throw TextError.unsupported(
                file: folder.appendingPathComponent(file).path, field: field,
                found: "the token '\(token)', which tokenizer.json lacks",
                supported: "tokens that tokenizer.json has; transformers writes it with all of them: "
                    + "AutoTokenizer.from_pretrained(folder).save_pretrained(folder)")
        }
    }

    private func listed() throws -> [(file: String, field: String, token: String)] {
        var tokens: [(file: String, field: String, token: String)] = []
        if let added = try read("added_tokens.json") {
            tokens += try added.members().map { ("added_tokens.json", "added_tokens", $0.0) }
        }
        guard let settings = try read("tokenizer_config.json") else { return tokens }
        let name = "tokenizer_config.json"
        if let added = try settings.optional("added_tokens_decoder") {
            tokens += try added.members().map {
                (name, "added_tokens_decoder", try $0.1["content"].string())
            }
        }
        if let special = try settings.optional("additional_special_tokens") {
            tokens += try special.elements().map {
                (name, "additional_special_tokens", try $0.value?.string ?? $0["content"].string())
            }
        }
        return tokens
    }

    private func read(_ name: String) throws -> JSONField? {
        let url = folder.appendingPathComponent(name)
        return exists(name) ? try JSONField(parsing: InputBytes.read(url), file: url.path) : nil
    }

    private func exists(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: folder.appendingPathComponent(name).path)
    }
}
