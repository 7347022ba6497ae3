extension Tokenizer {
    /// Bytes that are equal for two files exactly when they say the same, for a digest.
    ///
    /// White space, the order of keys, the two ways of writing merges, `truncation`, `padding` and `version`
    /// do not count.
    public var identityBytes: [UInt8] {
        var bytes = Array("align-ti tokenizer 1\n".utf8)
        bytes += settings
        for id in 0..<Int32(vocabularySize) {
            guard let text = textBytes(of: id) else { continue }
            bytes += Array("\n\(id) ".utf8)
            JSONValue.appendString(text, to: &bytes)
        }
        for pair in model.mergePairs { bytes += Array("\n\(pair.x)+\(pair.y)".utf8) }
        return bytes
    }

    static func canonicalSettings(_ root: Field, _ model: Field) throws -> [UInt8] {
        var members: [JSONValue.Member] = []
        for name in ["normalizer", "pre_tokenizer", "post_processor", "decoder"] {
            if let field = try root.optional(name) {
                members.append(.init(key: Array(name.utf8), value: field.value))
            }
        }
        for name in ["unk_token", "fuse_unk", "byte_fallback", "ignore_merges"] {
            if let field = try model.optional(name) {
                members.append(.init(key: Array(name.utf8), value: field.value))
            }
        }
        if case .array(let added)? = try root.optional("added_tokens")?.value {
            // Order does not matter: each has its id.
            let sorted = added.map { token in
                var bytes: [UInt8] = []
                token.appendCanonical(to: &bytes)
                return bytes
            }.sorted { $0.lexicographicallyPrecedes($1) }
            members.append(.init(key: Array("added_tokens".utf8), value: .array(sorted.map { .string($0) })))
        }
        var bytes: [UInt8] = []
        JSONValue.object(members).appendCanonical(to: &bytes)
        return bytes
    }
}
