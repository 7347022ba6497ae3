import ArgumentParser
import Files
import Foundation

/// The options every stage has: `@OptionGroup var configuration: ConfigurationOptions`.
public struct ConfigurationOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Recipe of this stage; settings it does not name keep their defaults. May be repeated: a later "
                + "one overrides what it names.",
            valueName: "file.yaml"))
    public var config: [String] = []

    @Option(
        name: .long, parsing: .singleValue,
        help: ArgumentHelp("Override one setting of the recipe; may be repeated.", valueName: "a.b=value"))
    public var set: [String] = []

    @Flag(
        name: .long,
        help: ArgumentHelp(
            "Print the recipe as --config and --set make it, with what each setting does, and end. "
                + "docs/recipes.md has the recipes of all stages."))
    public var printRecipe = false

    @Flag(name: .long, help: "Print a JSON Schema of the recipe, for editors, and end.")
    public var printSchema = false

    @Flag(name: .long, help: "Print a summary as one JSON object on stdout.")
    public var json = false

    @Option(name: .long, help: "Threads to compute with; all cores unless given.")
    public var threads: Int?

    @Flag(name: .long, help: "Run even when the output is up to date.")
    public var force = false

    /// Whether files whose digest is remembered are read all the same.
    public enum Verification: String, ExpressibleByArgument, CaseIterable, Sendable {
        case changed, always
    }

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Input files that are read to check their digests: large ones once and when the file system says "
                + "that they changed, or always.",
            valueName: "changed|always"))
    public var verify = Verification.changed

    public init() {}

    /// How inputs are digested: digests of large files are remembered in the user's folder of caches.
    public var digests: FileDigests {
        let caches = FileManager.default.urls(for: .cachesDirectory, in: .userDomainMask).first
        return FileDigests(
            caches?.appendingPathComponent("align-ti/digests"), readsAlways: verify == .always)
    }

    /// An input of the stage; see `StageInput`.
    public func input(
        _ name: String, _ url: URL, digest: String? = nil,
        isHeldElsewhere: (_ path: String) -> Bool = { _ in false }
    ) throws -> StageInput {
        try StageInput(name, url, digest: digest, digests: digests, isHeldElsewhere: isHeldElsewhere)
    }

    public func validate() throws {
        if let threads, !(1...65_536).contains(threads) {
            throw ValidationError("--threads \(threads): expected 1 to 65536")
        }
    }

    /// Prints a table: on stdout, or on stderr where `--json` gives stdout to the summary.
    public func show(table: String) {
        if json { StandardError.put(table) } else { print(table, terminator: "") }
    }

    /// Prints the table that an earlier run left in its folder.
    public func show(tableIn file: URL) throws {
        show(table: String(decoding: try InputBytes.read(file), as: UTF8.self))
    }

    /// Prints a summary on stdout when `--json` asks for it.
    public func printSummary(_ summary: @autoclosure () -> JSONValue) {
        if json { print(summary().text()) }
    }
}
