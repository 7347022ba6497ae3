/// Place of a weight in the language model, from its input to its output.
public enum LanguagePlace: Equatable, Sendable {
    /// The table of embeddings, also where it is the head as well.
    case embeddings
    /// A layer, counted from 0.
    case layer(Int)
    /// The norm behind the last layer.
    case norm
    /// The last linear layer, where it is no table of embeddings.
    case head

    /// - Parameter name: canonical, as in `Parameter`; nil for a weight of another part
    public init?(name: String) {
        guard ModelPart(name: name) == .language else { return nil }
        let layers = CheckpointNames.language + "layers."
        if name == CheckpointNames.embeddings {
            self = .embeddings
        } else if name == CheckpointNames.head {
            self = .head
        } else if name.hasPrefix(layers), let index = Int(name.dropFirst(layers.count).prefix { $0 != "." }) {
            self = .layer(index)
        } else {
            self = .norm
        }
    }
}
