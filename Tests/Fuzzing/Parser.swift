import ArgumentParser
import Files
import Foundation

/// A parser of outside data, and inputs that it takes.
struct Parser: Sendable {
    let name: String
    let corpus: [[UInt8]]
    /// Reads an input and what was made of it; throws what the parser throws.
    let read: @Sendable ([UInt8]) throws -> Void

    static let accepted = "accepted"

    /// `accepted`, or the first words of the error that are its own: inputs with one outcome failed alike.
    func outcome(_ input: [UInt8]) -> String {
        do {
            try read(input)
            return Self.accepted
        } catch {
            // As the stages print it: the text is part of what may fail.
            let text = Excerpt.message("\(error)")
            let unquoted = text.split(omittingEmptySubsequences: false) { $0 == "'" || $0 == "\"" }
                .enumerated().filter { $0.offset % 2 == 0 }.map(\.element).joined(separator: " ")
            return unquoted.split { !$0.isASCII || !$0.isLetter }.filter { (3...14).contains($0.count) }
                .prefix(12).joined(separator: " ")
        }
    }

    static func named(_ name: String) throws -> Parser {
        guard let found = all.first(where: { $0.name == name }) else {
            throw ValidationError(
                "there is no parser '\(name)'; there are \(all.map(\.name).joined(separator: ", "))")
        }
        return found
    }

    // MARK: Inputs

    static let repository = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The files of `Tests/Fixtures/fuzz/<name>`, and others of the repository.
    static func files(_ name: String, _ others: String...) -> [[UInt8]] {
        let folder = repository.appendingPathComponent("Tests/Fixtures/fuzz/\(name)")
        let own = (try? FolderListing.files(below: folder).map { folder.appendingPathComponent($0) }) ?? []
        return (own + others.map { repository.appendingPathComponent($0) }).compactMap {
            try? InputBytes.read($0)
        }
    }

    /// A file in memory for parsers that read files, in a folder that holds nothing else.
    static func file(_ name: String, _ bytes: [UInt8]) throws -> URL {
        let file = scratch.appendingPathComponent(name)
        let descriptor = open(file.path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        defer { close(descriptor) }
        guard descriptor >= 0, write(descriptor, bytes, bytes.count) == bytes.count else {
            throw FilesError.system(path: file.path, operation: "write it", code: errno)
        }
        return file
    }

    /// Folder of a worker's files; its watch removes it.
    static func scratch(_ process: Int32) -> URL { URL(fileURLWithPath: "/dev/shm/align-ti-fuzz-\(process)") }

    static let scratch: URL = {
        let folder = scratch(getpid())
        try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }()
}
