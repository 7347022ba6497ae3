import Autograd

/// What a generation continues.
public struct Prompt {
    /// Embeddings of its tokens, `[length, hidden]`.
    public let embeddings: Value
    /// The beginning that other prompts of the generation have too, such as an image and the text before it;
    /// nil where there is none. Its key stands for the same rows in all of them.
    public let prefix: RowSharing.Prefix?

    public init(_ embeddings: Value, prefix: RowSharing.Prefix? = nil) {
        (self.embeddings, self.prefix) = (embeddings, prefix)
    }
}

/// Keys and values of the beginnings that prompts had in common, of the last few.
struct PrefixMemory {
    private static let most = 4
    private var order: [RowSharing.Prefix] = []
    private var known: [RowSharing.Prefix: [LayerKeys]] = [:]

    /// The beginnings among `wanted` that are known, one after the other: where each starts, and the rows, a
    /// layer each; nil where none is.
    func kept(
        _ wanted: [RowSharing.Prefix?]
    ) -> (places: [(prefix: RowSharing.Prefix, start: Int)], layers: [LayerKeys])? {
        let found = Set(wanted.compactMap { $0 }).filter { known[$0] != nil }.sorted { $0.key < $1.key }
        guard let first = found.first, let layers = known[first]?.count else { return nil }
        var start = 0
        let places = found.map { prefix in
            defer { start += prefix.rows }
            return (prefix, start)
        }
        let parts = found.compactMap { known[$0] }
        let joined = (0..<layers).map { layer in
            LayerKeys(
                keys: concatenateRows(parts.map { $0[layer].keys }),
                values: concatenateRows(parts.map { $0[layer].values }))
        }
        return (places, joined)
    }

    /// - Parameters:
    ///   - layers: of a pass that computed it
    ///   - start: its first row there
    mutating func keep(_ prefix: RowSharing.Prefix, _ layers: [LayerKeys], from start: Int) {
        guard known[prefix] == nil else {
            order.removeAll { $0 == prefix }
            return order.append(prefix)
        }
        func rows(_ value: Value) -> Value { Value(value.data.rows(start..<start + prefix.rows).copy()) }
        known[prefix] = layers.map { LayerKeys(keys: rows($0.keys), values: rows($0.values)) }
        order.append(prefix)
        if order.count > Self.most { known[order.removeFirst()] = nil }
    }
}
