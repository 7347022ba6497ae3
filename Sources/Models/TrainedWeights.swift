import Settings

/// The weights of a model that learn: parts of it, and of the language model all or some.
///
/// A recipe has a list of parts, or a group in which what is not named is as by default: the projector and
/// the whole language model learn, the tower does not.
/// ```yaml
/// trainable: [projector, language]
/// trainable: {projector: false, language: {layers: [12, 24], embeddings: false}}
/// ```
/// A group that says no more than a list is the same setting.
public struct TrainedWeights: Sendable, Equatable, Codable, ExpressibleByArrayLiteral, SeveralForms,
    CustomStringConvertible
{
    public static var forms: [Any.Type] { [[ModelPart].self, Group.self] }

    /// Parts of which weights learn.
    public var parts: [ModelPart]
    /// Which weights of the language model, where that is one of the parts.
    public var language = LanguageWeights()

    public init(_ parts: [ModelPart], language: LanguageWeights = LanguageWeights()) {
        (self.parts, self.language) = (parts, language)
    }

    public init(arrayLiteral parts: ModelPart...) { self.init(parts) }

    /// - Parameter name: canonical, as in `Parameter`
    public func contains(_ name: String) -> Bool {
        guard parts.contains(ModelPart(name: name)) else { return false }
        return LanguagePlace(name: name).map { language.contains($0) } ?? true
    }

    /// Checks what cannot be said without the model.
    ///
    /// - Throws: `SettingProblem` with the key of a training's recipe
    public func check(for text: TextConfiguration) throws {
        guard parts.contains(.language) else { return }
        let key = "trainable.language"
        do { try language.check() } catch let problem as SettingProblem {
            throw SettingProblem("\(key).\(problem.key)", problem.problem)
        }
        if let layers = language.layers, layers[1] > text.layers {
            throw SettingProblem(
                "\(key).layers",
                "is \(layers), and the model has the layers 0 to \(text.layers - 1): the second number, "
                    + "behind the last layer that learns, is at most \(text.layers)")
        }
        if text.tiedEmbeddings, language.embeddings, !language.head {
            throw SettingProblem(
                "\(key).head",
                "is false, but the model's head is its table of embeddings: set embeddings to false too, or "
                    + "leave head out")
        }
    }

    public var description: String {
        parts.map { part in
            let exceptions = part == .language ? language.exceptions.map { " (\($0))" } : nil
            return part.rawValue + (exceptions ?? "")
        }.joined(separator: ", ")
    }

    /// The longer way to write it.
    private struct Group: Recipe {
        @Setting("Whether the vision tower learns.") var vision = false
        @Setting("Whether the projector learns.") var projector = true
        @Setting("Which weights of the language model learn.") var language = LanguageWeights()

        init() {}
        init(_ weights: TrainedWeights) {
            vision = weights.parts.contains(.vision)
            projector = weights.parts.contains(.projector)
            language = weights.language
        }
    }

    private struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    public init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if (try? decoder.unkeyedContainer()) != nil {
            self.init(try value.decode([ModelPart].self))
        } else if (try? decoder.container(keyedBy: Key.self)) != nil {
            let group = try value.decode(Group.self)
            self.init(
                (group.vision ? [.vision] : []) + (group.projector ? [.projector] : []) + [.language],
                language: group.language)
        } else {
            throw DecodingError.typeMismatch(
                TrainedWeights.self,
                .init(codingPath: decoder.codingPath, debugDescription: "neither a list nor a group"))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        if !parts.contains(.language) || language == LanguageWeights() {
            try value.encode(parts)
        } else {
            try value.encode(Group(self))
        }
    }
}
