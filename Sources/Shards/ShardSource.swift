import Foundation
import Text

/// A folder of shards as part of a data set.
public struct ShardSource: Sendable {
    /// Empty where the data set has no other.
    public let name: String
    public let folder: URL
    /// Settings that it was packed with.
    public let description: ShardDescription
    /// Its shards among those of the data set.
    public let shards: Range<Int>
    /// Its samples among those of the data set.
    public let samples: Range<Int>

    static func sources(_ folders: [(name: String, folder: URL)], _ indexes: [ShardIndex]) -> [ShardSource] {
        precondition(
            !folders.isEmpty && (folders.count == 1 || Set(folders.map(\.name)).count == folders.count),
            "a data set has sources, each with a name of its own")
        var (shard, sample) = (0, 0)
        return zip(folders, indexes).map { given, index in
            defer {
                shard += index.shards.count
                sample += index.totals.samples
            }
            return ShardSource(
                name: given.name, folder: given.folder, description: index.description,
                shards: shard..<shard + index.shards.count, samples: sample..<sample + index.totals.samples)
        }
    }
}

extension ShardIndex {
    /// One index for several folders whose samples can be trained on together.
    ///
    /// Conversations have one template and one end token; captions without a question (`plain`) may stand
    /// beside any.
    ///
    /// - Throws: `ShardsError.otherSource` naming the field that differs
    init(joining parts: [(folder: URL, index: ShardIndex)]) throws {
        guard parts.count > 1 else {
            self = parts[0].index
            return
        }
        func isPlain(_ description: ShardDescription) -> Bool {
            ConversationTemplate(identity: description.template)?.kind == .plain
        }
        let leading = parts.first { !isPlain($0.index.description) } ?? parts[0]
        let expected = leading.index.description
        for (folder, index) in parts {
            let found = index.description
            func check(_ field: String, _ found: String, _ expected: String) throws {
                guard found != expected else { return }
                throw ShardsError.otherSource(
                    path: folder.path, field: field, found: found, expected: expected, of: leading.folder.path
                )
            }
            try check("tokenizer", found.tokenizer, expected.tokenizer)
            try check("image_processor", "\(found.imageProcessor)", "\(expected.imageProcessor)")
            try check("visual_tokens", "\(found.visualTokens)", "\(expected.visualTokens)")
            try check("label_rule", "\(found.labelRule)", "\(expected.labelRule)")
            guard !isPlain(found) else { continue }
            try check("template", found.template, expected.template)
            try check("end_token", found.endToken, expected.endToken)
        }
        self.init(
            name: parts.map(\.index.name).joined(separator: "+"),
            description: ShardDescription(
                tokenizer: expected.tokenizer, template: expected.template, endToken: expected.endToken,
                labelRule: expected.labelRule,
                maximumLength: parts.map(\.index.description.maximumLength).max() ?? 0,
                visualTokens: expected.visualTokens, imageProcessor: expected.imageProcessor),
            shards: parts.flatMap(\.index.shards),
            images: parts.reduce(0) { $0 + $1.index.totals.images },
            skipped: parts.reduce(0) { $0 + $1.index.totals.skipped })
    }
}
