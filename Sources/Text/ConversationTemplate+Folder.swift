import Files
import Foundation

/// The template that a model was trained with goes with its checkpoint.
extension ConversationTemplate {
    /// Name of the file in a model's folder that says which template it was trained with.
    public static let file = "conversation.json"

    /// The template of a data set's description.
    ///
    /// - Parameter identity: as `identity` writes it
    public init?(identity: String) {
        let parts = identity.split(separator: "|", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "template 1", let kind = Kind(rawValue: String(parts[1])),
            let (system, rest) = Self.counted(parts[2].utf8[...]), rest.first == UInt8(ascii: "|"),
            let (end, none) = Self.counted(rest.dropFirst()), none.isEmpty
        else { return nil }
        self.init(kind, system: system, endText: end)
    }

    /// A text behind its length in bytes and a colon, and what follows it.
    private static func counted(_ text: Substring.UTF8View) -> (String, Substring.UTF8View)? {
        guard let colon = text.firstIndex(of: UInt8(ascii: ":")),
            let count = Substring(text[..<colon]).wholeNumber,
            case let rest = text[text.index(after: colon)...], rest.count >= count,
            case let end = rest.index(rest.startIndex, offsetBy: count), let found = String(rest[..<end])
        else { return nil }
        return (found, rest[end...])
    }

    /// The template that a model was trained with; nil where its folder does not say.
    ///
    /// - Throws: `FilesError` for a file that is broken
    public init?(trainedWith folder: URL) throws {
        let url = folder.appendingPathComponent(Self.file)
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        let fields = try JSONField(parsing: InputBytes.read(url), file: url.path)
        self.init(
            try fields["template"].choice(), system: try fields["system"].string(),
            endText: try fields["end_text"].string())
    }

    /// Whether a folder says which template its model takes, in whatever form.
    ///
    /// - Throws: `FilesError` for a file that is broken
    public static func isNamed(in folder: URL) throws -> Bool {
        try Self(trainedWith: folder) != nil || PublishedTemplate.text(in: folder) != nil
    }

    /// The template that a stage uses.
    ///
    /// - Parameters:
    ///   - kind: what the recipe says; nil for the model's own
    ///   - system: what the recipe says; nil for the model's, or the kind's own
    ///   - endText: likewise
    ///   - folder: of the model, or of its tokenizer. What it was trained with must be what the recipe says;
    ///     a published model's chat template counts where the recipe says nothing
    /// - Throws: `TextError`, `FilesError`
    public init(_ kind: Kind?, system: String?, endText: String?, of folder: URL) throws {
        guard let trained = try Self(trainedWith: folder) else {
            let published = try kind == nil ? PublishedTemplate(folder) : nil
            self.init(
                kind ?? published?.kind ?? .vicuna, system: system ?? published?.system, endText: endText)
            return
        }
        for (name, said, own) in [
            ("template", kind?.rawValue, trained.kind.rawValue), ("system", system, trained.system),
            ("end text", endText, trained.endText),
        ] where said != nil && said != own {
            throw TextError.badSetting(
                name: name, found: "'\(said ?? "")'",
                expected: "'\(own)', which the model was trained with "
                    + "(\(folder.appendingPathComponent(Self.file).path)); leave the setting out")
        }
        self = trained
    }

    /// Writes what a model was trained with beside its weights: `conversation.json`, and
    /// `chat_template.jinja` for transformers, vLLM and llama.cpp. Projector pretraining (`plain`) is no
    /// conversation and writes nothing.
    ///
    /// - Parameter imageToken: what stands for a picture in the text that a processor gets
    /// - Throws: `FilesError`
    public func write(into folder: URL, imageToken: String = "<image>") throws {
        guard kind != .plain else { return }
        let object: JSONValue = [
            "template": .string(kind.rawValue), "system": .string(system), "end_text": .string(endText),
        ]
        try AtomicOutput.writeAtomically(
            object.bytes(.pretty) + [0x0A], to: folder.appendingPathComponent(Self.file))
        try AtomicOutput.writeAtomically(
            Array(jinja(imageToken: imageToken).utf8),
            to: folder.appendingPathComponent("chat_template.jinja"))
        try Self.removeOthers(in: folder)
    }

    /// Removes the template that a published model came with from the other places where readers look.
    private static func removeOthers(in folder: URL) throws {
        unlink(folder.appendingPathComponent("chat_template.json").path)
        let url = folder.appendingPathComponent("tokenizer_config.json")
        guard FileManager.default.fileExists(atPath: url.path) else { return }
        let settings = try JSONField(parsing: InputBytes.read(url), file: url.path).object()
        guard settings["chat_template"] != nil else { return }
        let rest = JSONObject(settings.members.filter { $0.name != "chat_template" })
        try AtomicOutput.writeAtomically(JSONValue.object(rest).bytes(.indented) + [0x0A], to: url)
    }
}

extension Substring {
    /// The number that the text is, digits alone.
    fileprivate var wholeNumber: Int? { allSatisfy { ("0"..."9").contains($0) } ? Int(self) : nil }
}
