import ArgumentParser
import Files
import Foundation
import Settings

/// A stage with a recipe.
public protocol RecipeCommand: ParsableCommand {
    /// All of its settings.
    associatedtype StageRecipe: Recipe
    var configuration: ConfigurationOptions { get }
}

extension RecipeCommand {
    /// The recipe that the options name; see `RecipeLoader`.
    ///
    /// - Parameter overrides: what other options set, as `--set` would
    public func recipe(_ overrides: [String] = []) throws -> StageRecipe {
        try RecipeLoader.load(
            configs: configuration.config.map { URL(fileURLWithPath: $0) },
            assignments: configuration.set + overrides)
    }

    /// The text that `--print-recipe` or `--print-schema` asks for, whatever else the stage requires; nil
    /// without either.
    static func printed(_ arguments: [String]) throws -> String? {
        let name = configuration.commandName ?? "\(Self.self)"
        if arguments.contains("--print-schema") {
            return try StageRecipe.schema(title: "Recipe of \(name)").text(.indented)
        }
        guard arguments.contains("--print-recipe") else { return nil }
        func values(of option: String) -> [String] {
            arguments.indices.compactMap { index in
                if arguments[index] == option {
                    return index + 1 < arguments.count ? arguments[index + 1] : nil
                }
                let isJoined = arguments[index].hasPrefix("\(option)=")
                return isJoined ? String(arguments[index].dropFirst(option.count + 1)) : nil
            }
        }
        let recipe = try RecipeLoader.load(
            StageRecipe.self, configs: values(of: "--config").map { URL(fileURLWithPath: $0) },
            assignments: values(of: "--set"))
        return try recipe.commentedYAML(title: "Recipe of \(name): all settings, each with its default.")
    }
}
