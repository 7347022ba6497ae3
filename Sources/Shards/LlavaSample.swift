import Files
import Text

/// One record of LLaVA instruction data.
public struct LlavaSample: Sendable, Equatable {
    /// The record's id, or its number in the file.
    public let id: String
    /// The member of the image source, or nil for a text-only sample.
    public let image: String?
    /// Who says what, in the file's order.
    public let turns: [ConversationTurn]

    public init(id: String, image: String?, turns: [ConversationTurn]) {
        self.id = id
        self.image = image
        self.turns = turns
    }

    /// Reads one record.
    ///
    /// - Parameters:
    ///   - json: the record's bytes
    ///   - index: its number in the file, which stands in for a missing id
    ///   - place: what errors call the record, for example `data.json: element 6 at byte 1234`
    /// - Throws: `FilesError.notJSON` or `.badField`, naming the field
    public init(json: [UInt8], index: Int, place: String) throws {
        let record = try JSONField(parsing: json, file: place)
        let id = try record.optional("id")
        switch id?.value {
        case nil: self.id = "\(index)"
        case .string(let text)?: self.id = text
        case .int(let number)?: self.id = "\(number)"
        case .double?: self.id = id?.value?.text() ?? ""
        default: throw try record["id"].bad(expected: "a string or a number")
        }
        if let field = try record.optional("image") {
            let names = if case .array? = field.value { try field.strings() } else { [try field.string()] }
            guard names.count == 1, !names[0].isEmpty else {
                throw field.bad(expected: "one file name; several images in a sample are not supported")
            }
            image = names[0]
        } else {
            image = nil
        }
        turns = try record["conversations"].elements().map { turn in
            guard let role = try roles[turn["from"].value?.string ?? ""] else {
                throw try turn["from"].bad(
                    expected: "\"human\" or \"gpt\" (\"user\" and \"assistant\" do too)")
            }
            return ConversationTurn(role, try turn["value"].string())
        }
    }
}

private let roles: [String: ConversationRole] = [
    "human": .human, "user": .human, "gpt": .gpt, "assistant": .gpt,
]
