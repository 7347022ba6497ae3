import Foundation
import Text

/// One record of LLaVA instruction data.
public struct LlavaSample: Sendable, Equatable {
    public let id: String
    /// The member of the image source, or nil for a text-only sample.
    public let image: String?
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
    ///   - file: what errors call the file
    ///   - place: what errors call the record, for example `element 6 at byte 1234`
    /// - Throws: `ShardsError.badRecord`, naming the field
    public init(json: [UInt8], index: Int, file: String, place: String) throws {
        func bad(_ field: String, _ found: Any?, _ expected: String) -> ShardsError {
            .badRecord(file: file, place: place, field: field, found: described(found), expected: expected)
        }
        let parsed: Any
        do {
            parsed = try JSONSerialization.jsonObject(with: Data(json), options: [.fragmentsAllowed])
        } catch {
            let detail = (error as NSError).userInfo[NSDebugDescriptionErrorKey].map { " (\($0))" } ?? ""
            throw ShardsError.badRecord(
                file: file, place: place, field: "(record)", found: "not valid JSON\(detail)",
                expected: "an object")
        }
        guard let fields = parsed as? [String: Any] else { throw bad("(record)", parsed, "an object") }

        switch fields["id"] {
        case nil, is NSNull: id = "\(index)"
        case let text as String: id = text
        case let number as NSNumber: id = number.stringValue
        case let other: throw bad("id", other, "a string or a number")
        }

        switch fields["image"] {
        case nil, is NSNull: image = nil
        case let name as String where !name.isEmpty: image = name
        case let names as [Any]:
            guard names.count == 1, let name = names[0] as? String, !name.isEmpty else {
                throw bad("image", names, "one file name; several images in a sample are not supported")
            }
            image = name
        case let other: throw bad("image", other, "a file name")
        }

        guard let conversations = fields["conversations"] as? [Any] else {
            throw bad("conversations", fields["conversations"], "a list of turns")
        }
        turns = try conversations.enumerated().map { number, turn in
            let path = "conversations[\(number)]"
            guard let parts = turn as? [String: Any] else {
                throw bad(path, turn, "an object with 'from' and 'value'")
            }
            guard let from = parts["from"] as? String, let role = roles[from] else {
                throw bad(
                    "\(path).from", parts["from"], "\"human\" or \"gpt\" (\"user\" and \"assistant\" do too)")
            }
            guard let text = parts["value"] as? String else {
                throw bad("\(path).value", parts["value"], "a string")
            }
            return ConversationTurn(role, text)
        }
    }
}

private let roles: [String: ConversationRole] = [
    "human": .human, "user": .human, "gpt": .gpt, "assistant": .gpt,
]

/// A short account of a JSON value for messages.
private func described(_ value: Any?) -> String {
    switch value {
    case nil: return "missing"
    case is NSNull: return "null"
    case let text as String: return "\"\(text.prefix(60))\""
    case let number as NSNumber: return "\(number)"
    case let list as [Any]: return "a list of \(list.count)"
    case is [String: Any]: return "an object"
    case let other?: return "\(other)"
    }
}
