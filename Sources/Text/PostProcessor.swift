import Files

/// The special tokens a post-processor puts around one text.
struct PostProcessor: Sendable {
    private(set) var prefix: [Int32] = []
    private(set) var suffix: [Int32] = []

    init(_ field: JSONField?) throws {
        if let field { try read(field) }
    }

    private mutating func read(_ field: JSONField) throws {
        let type = try field["type"]
        switch try type.string() {
        case "ByteLevel": break  // moves offsets only
        case "Sequence": for element in try field["processors"].elements() { try read(element) }
        case "TemplateProcessing": try readTemplate(field)
        default: throw type.unsupported("TemplateProcessing, ByteLevel, Sequence")
        }
    }

    private mutating func readTemplate(_ field: JSONField) throws {
        var before: [Int32] = []
        var after: [Int32] = []
        var texts = 0
        let single = try field["single"]
        let pieces = try single.elements()
        guard pieces.count <= Limit.tokenizerSteps.value else {
            throw FilesError.tooLarge(
                path: single.file, item: "'\(outside: single.path)'", limit: Limit.tokenizerSteps.value,
                name: .tokenizerSteps)
        }
        for piece in pieces {
            if let special = try piece.optional("SpecialToken") {
                let ids = try PostProcessor.ids(
                    of: special["id"], in: field["special_tokens"])
                if texts == 0 { before += ids } else { after += ids }
            } else if let sequence = try piece.optional("Sequence") {
                guard try sequence["id"].string() == "A" else {
                    throw sequence.bad(expected: "sequence A")
                }
                texts += 1
            } else {
                throw piece.bad(expected: "a SpecialToken or a Sequence")
            }
        }
        guard texts == 1 else {
            throw single.unsupported("a template with the text (sequence A) exactly once")
        }
        prefix = before + prefix
        suffix += after
    }

    private static func ids(of name: JSONField, in tokens: JSONField) throws -> [Int32] {
        guard let token = try tokens.optional(try name.string()) else {
            throw name.bad(expected: "a key of special_tokens")
        }
        return try token["ids"].elements().map { Int32(try $0.integer(in: 0...BPEModel.largestID)) }
    }
}
