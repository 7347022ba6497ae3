import Files

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
            JSONFormat.canonical.appendQuoted(text, to: &bytes)
        }
        for pair in model.mergePairs { bytes += Array("\n\(pair.x)+\(pair.y)".utf8) }
        return bytes
    }

    static func canonicalSettings(_ root: JSONField, _ model: JSONField) throws -> [UInt8] {
        var members = JSONObject()
        for name in ["normalizer", "pre_tokenizer", "post_processor", "decoder"] {
            if let value = try root.optional(name)?.value { members.append(name, value.withoutNulls) }
        }
        for name in ["unk_token", "fuse_unk", "byte_fallback", "ignore_merges"] {
            if let value = try model.optional(name)?.value { members.append(name, value.withoutNulls) }
        }
        if case .array(let added)? = try root.optional("added_tokens")?.value {
            // Order does not matter: each has its id.
            let sorted = added.map { $0.withoutNulls.text(.canonical) }
                .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            members.append("added_tokens", .array(sorted.map { .string($0) }))
        }
        return JSONValue.object(members).bytes(.canonical)
    }
}

extension JSONValue {
    /// The value without the members that are null: a file may write them or leave them out.
    fileprivate var withoutNulls: JSONValue {
        switch self {
        case .array(let values): .array(values.map(\.withoutNulls))
        case .object(let object):
            .object(
                JSONObject(
                    object.members.filter { $0.value != .null }.map {
                        (name: $0.name, value: $0.value.withoutNulls)
                    }))
        default: self
        }
    }
}
