import Settings

/// Which weights of a language model learn.
public struct LanguageWeights: Recipe, Equatable {
    @Setting(
        "Layers that learn: [12, 24] are those from 12 up to 23, counted from 0.", in: 0...10_000,
        null: "all")
    public var layers: [Int]?
    @Setting("Whether the table of embeddings learns; a head that is this table goes with it.")
    public var embeddings = true
    @Setting("Whether the norm behind the last layer learns.") public var norm = true
    @Setting("Whether the head learns, where it is no table of embeddings.") public var head = true

    public init() {}

    public func validate() throws {
        guard let layers else { return }
        guard layers.count == 2, layers[0] <= layers[1] else {
            throw SettingProblem(
                "layers",
                "is \(layers), expected the first layer that learns and the one after the last: [12, 24] "
                    + "are the layers 12 to 23")
        }
    }

    func contains(_ place: LanguagePlace) -> Bool {
        switch place {
        case .embeddings: embeddings
        case .layer(let index):
            layers.map { $0.count == 2 && $0[0] <= index && index < $0[1] } ?? true
        case .norm: norm
        case .head: head
        }
    }

    /// What is left out, for people; nil where nothing is.
    var exceptions: String? {
        var parts: [String] = []
        if let layers, layers.count == 2 {
            parts.append(
                layers[0] < layers[1] ? "layers \(layers[0]) to \(layers[1] - 1)" : "no layers")
        }
        for (learns, name) in [(embeddings, "embeddings"), (norm, "final norm"), (head, "head")]
        where !learns {
            parts.append("without \(name)")
        }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }
}
