import Files
import Foundation
import Settings

/// Loads a recipe: its defaults, then the file (and the files it is based on), then each `--set`.
public enum RecipeLoader {
    /// - Parameters:
    ///   - config: a YAML file; nil for the defaults alone
    ///   - assignments: `a.b=value` in order, the value in YAML's spelling (`3`, `true`, `[1, 2]`, `"text"`)
    /// - Throws: `BadSetting` with file, line and key; `.badRecipe` for what is not YAML;
    ///   `FilesError.missing`
    public static func load<R: Recipe>(_ type: R.Type = R.self, config: URL?, assignments: [String] = [])
        throws -> R
    {
        try load(type, configs: config.map { [$0] } ?? [], assignments: assignments)
    }

    /// The same with any number of files, each of which overrides those before it.
    public static func load<R: Recipe>(_ type: R.Type = R.self, configs: [URL], assignments: [String] = [])
        throws -> R
    {
        var tree = try SettingEncoder.encode(R())
        for config in configs { tree = tree.overlaid(with: try file(config, basedOnBy: [])) }
        for assignment in assignments { tree = try assign(assignment, in: tree) }
        return try SettingDecoder.recipe(tree)
    }

    private static func file(_ url: URL, basedOnBy callers: [String]) throws -> SettingTree {
        let path = url.path
        guard !callers.contains(url.standardizedFileURL.path) else {
            throw StageError.badRecipe(
                file: path, problem: "is based on itself, through \(callers.joined(separator: " and "))")
        }
        let bytes = try InputBytes.read(url, limit: .yamlBytes)
        // Some editors write a mark of byte order, which is no part of the text.
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        guard
            let text = String(
                validating: bytes.starts(with: mark) ? bytes.dropFirst(3) : bytes[...], as: UTF8.self)
        else {
            throw StageError.badRecipe(file: path, problem: "not UTF-8 text")
        }
        var tree = try SettingTree(yaml: text, file: path)
        if case .null = tree.value { tree.value = .map([:], isOpen: false) }
        guard case .map(var fields, _) = tree.value else {
            throw StageError.badRecipe(
                file: path, problem: "is \(tree.found), expected lines of 'key: value'")
        }
        guard let base = fields.removeValue(forKey: "base") else { return tree }
        guard case .string(let name) = base.value else {
            throw BadSetting(base.origin, "base", "is \(base.found), expected the path of a recipe")
        }
        tree.value = .map(fields, isOpen: false)
        let below = url.deletingLastPathComponent().appendingPathComponent(name)
        let baseURL = name.hasPrefix("/") ? URL(fileURLWithPath: name) : below
        return try file(baseURL, basedOnBy: callers + [url.standardizedFileURL.path]).overlaid(with: tree)
    }

    private static func assign(_ assignment: String, in tree: SettingTree) throws -> SettingTree {
        let sides = assignment.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let keys = sides[0].split(separator: ".", omittingEmptySubsequences: false).map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        guard sides.count == 2, keys.allSatisfy({ !$0.isEmpty }) else {
            throw StageError.usage(
                "--set \(outside: assignment): expected key=value, for example --set \(tree.example)")
        }
        let value: SettingTree
        do {
            value = try SettingTree(optionValue: String(sides[1]), option: assignment)
        } catch StageError.badRecipe(let place, let problem) {
            throw StageError.usage("\(place): \(problem)")
        }
        return tree.setting(keys[...], to: value)
    }
}
