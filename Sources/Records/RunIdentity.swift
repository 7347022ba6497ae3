import Files

/// Everything that a stage's result depends on: the stage, the settings that can change the result, and the
/// digests of the inputs. What an interrupted run has left serves a run of the same identity only.
public struct RunIdentity: Equatable, Sendable {
    private let facts: JSONObject

    /// - Parameters:
    ///   - recipe: all settings
    ///   - neutral: dotted keys of those that cannot change the result
    public init(
        stage: String, recipe: JSONValue, neutral: Set<String>, inputs: [(name: String, sha256: String)]
    ) {
        var facts: JSONObject = ["stage": .string(stage)]
        for (name, value) in recipe.leaves() where !neutral.contains(name) {
            // 3 and 3.0 are one value, and its text must be one too.
            facts.append("setting \(name)", value.double.map { .number($0) } ?? value)
        }
        for input in inputs { facts.append("input \(input.name)", .string(input.sha256)) }
        self.facts = facts
    }

    /// What the receipt of a finished run says that the result depends on.
    public init(_ receipt: Receipt, neutral: Set<String>) {
        self.init(
            stage: receipt.stage, recipe: receipt.recipe, neutral: neutral,
            inputs: receipt.inputs.map { ($0.name, $0.sha256) })
    }

    /// The identity as a file keeps it, one line of JSON.
    public var text: String { JSONValue.object(facts).text() }

    /// What differs between the identities of two texts, each with its value then and now; empty where a text
    /// is none.
    public static func differences(from then: String, to now: String) -> [String] {
        func facts(_ text: String) -> JSONObject? {
            guard case .object(let facts)? = try? JSONValue(parsing: Array(text.utf8)) else { return nil }
            return facts
        }
        guard let then = facts(then), let now = facts(now) else { return [] }
        func shown(_ value: JSONValue?) -> String {
            guard let value else { return "absent" }
            if let text = value.string, text.utf8.count == 64 { return String(text.prefix(12)) }
            return value.shown
        }
        let names = Set((then.members + now.members).map(\.name))
        return names.sorted().compactMap { name in
            then[name] == now[name]
                ? nil : "\(name) was \(shown(then[name])), is now \(shown(now[name]))"
        }
    }
}
