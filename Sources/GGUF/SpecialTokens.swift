import Models
import Text

/// The ids of a GGUF file that mean something: where a text starts and ends.
struct SpecialTokens {
    /// Put before every text.
    let addsStart: Bool
    /// Put behind every text.
    let addsEnd: Bool
    let start, padding: Int32?
    /// Each ends an answer; at most three.
    let ends: [Int32]

    /// - Parameters:
    ///   - ends: ids that end an answer, the most important first
    ///   - folder: of the model, for errors
    /// - Throws: `GGUFError.notInLlamaCpp`
    init(_ tokenizer: Tokenizer, _ text: TextConfiguration, folder: String) throws {
        func refuse(_ file: String, _ field: String, _ found: String, _ known: String) -> GGUFError {
            .notInLlamaCpp(file: "\(folder)/\(file)", field: field, found: found, known: known)
        }
        ends = text.endOfSequenceIDs
        guard (1...3).contains(ends.count) else {
            throw refuse(
                "config.json", "eos_token_id", "a list of \(ends.count)", "one to three ids that end a text")
        }
        let (before, after) = (tokenizer.specialPrefix, tokenizer.specialSuffix)
        guard before.count <= 1, after.isEmpty || after == [ends[0]] else {
            throw refuse(
                "tokenizer.json", "post_processor", "\(before.count) ids before and \(after) after a text",
                "one id before a text and \(ends[0]), its end, after it")
        }
        start = before.first ?? text.startId
        (addsStart, addsEnd, padding) = (!before.isEmpty, !after.isEmpty, text.paddingId)
    }

    func describe(_ writer: inout GGUFWriter) {
        func set(_ key: String, _ value: GGUFValue?) { writer.set("tokenizer.ggml.\(key)", value) }
        func id(_ id: Int32?) -> GGUFValue? { id.map { .integer(UInt32(bitPattern: $0)) } }
        set("bos_token_id", id(start))
        for (key, end) in zip(["eos", "eot", "eom"], ends) { set("\(key)_token_id", id(end)) }
        set("padding_token_id", id(padding))
        set("add_bos_token", .flag(addsStart))
        set("add_eos_token", .flag(addsEnd))
    }
}
