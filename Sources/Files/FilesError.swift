import Foundation

/// Things that can go wrong with a file; every text names the file, what was found and what to do about it.
public enum FilesError: Error, Equatable, Sendable, CustomStringConvertible {
    /// There is nothing at this path.
    case missing(path: String)
    /// The operating system refused `operation`; `code` is its errno.
    case system(path: String, operation: String, code: Int32)
    /// The bytes are not what the format asks for.
    case corrupt(path: String, offset: Int?, problem: String)
    /// The bytes are not one JSON document.
    case notJSON(file: String, failure: JSONFailure)
    /// A field is missing or holds what it cannot hold; `place` is the file, with the line or record where it
    /// has many, `field` is empty for the whole of it.
    case badField(place: String, field: String, found: String, expected: String)
    /// A member of an archive cannot be read; `offset` is in the archive's uncompressed bytes.
    case corruptMember(archive: String, member: String, offset: Int, problem: String)
    /// A member of an archive is a link.
    case linkMember(archive: String, member: String, target: String)
    /// A tensor's entry, or the values asked of it, do not fit; `offset` is in the (uncompressed) file.
    case badTensor(file: String, tensor: String, offset: Int?, problem: String)
    /// The file holds no tensor of this name; `near` are names it does hold.
    case missingTensor(file: String, tensor: String, near: [String])
    /// More than the caller allows; `name` is the entry of docs/limits.md that says so, where one does.
    case tooLarge(path: String, item: String, limit: Int, name: Limit? = nil)
    /// The format has no way to write this.
    case unwritable(path: String, problem: String)

    public var description: String {
        switch self {
        case .missing(let path):
            return "\(path): no such file or folder; check the path, or run the stage that makes it"
        case .system(let path, let operation, let code):
            return "\(path): cannot \(operation): \(String(cString: strerror(code)))\(Self.remedy(code))"
        case .corrupt(let path, let offset, let problem):
            return "\(path)\(offset.map { " at byte \($0)" } ?? ""): \(problem)"
        case .notJSON(let file, let failure):
            return "\(file): not valid JSON (\(failure)), expected \(failure.expected)"
        case .badField(let place, let field, let found, let expected):
            let name = field.isEmpty ? "" : " '\(outside: field)'"
            return "\(place):\(name) is \(Excerpt.of(found, most: 2 * Excerpt.most)), expected \(expected)"
        case .corruptMember(let archive, let member, let offset, let problem):
            return
                "\(archive), member '\(outside: member)' near byte \(offset): \(problem); fetch or make the "
                + "archive again"
        case .linkMember(let archive, let member, let target):
            return
                "\(archive), member '\(outside: member)' is a link to '\(outside: target)', which is not "
                + "followed; pack the file itself (tar --hard-dereference -h)"
        case .badTensor(let file, let tensor, let offset, let problem):
            return "\(file): tensor '\(outside: tensor)'\(offset.map { " at byte \($0)" } ?? "") \(problem)"
        case .missingTensor(let file, let tensor, let near):
            let hint =
                near.isEmpty ? "" : "; it has \(near.map { "'\(outside: $0)'" }.joined(separator: ", "))"
            return "\(file): there is no tensor '\(outside: tensor)'\(hint)"
        case .tooLarge(let path, let item, let limit, let name):
            let remedy = name.map { "; \(Limit.variable)='\($0.rawValue)=…' allows more, see docs/limits.md" }
            // What comes out of a compressed file is bounded by a ratio, and counted in bytes.
            let unit = name == .compressionRatio ? "bytes" : name?.unit ?? "bytes"
            return
                "\(path): \(item) has more than the \(limit) \(unit) allowed here"
                + (remedy ?? "")
        case .unwritable(let path, let problem):
            return "\(path): \(problem)"
        }
    }

    private static func remedy(_ code: Int32) -> String {
        switch code {
        case ENOSPC, EDQUOT: return "; free some space and run again"
        case EFBIG: return "; raise the limit on sizes of files (ulimit -f) and run again"
        case EACCES, EPERM, EROFS: return "; check the permissions"
        default: return ""
        }
    }

    /// Whether the system refused something, so that nothing is known about what the file holds.
    package var isOfSystem: Bool { if case .system = self { true } else { false } }

    /// The error for the current `errno`: `missing` where that says it better.
    package static func current(_ path: String, _ operation: String) -> FilesError {
        let code = errno
        return code == ENOENT && operation == "open it"
            ? .missing(path: path) : .system(path: path, operation: operation, code: code)
    }
}

extension FilesError: ExitCoded {
    public var exitCode: Int32 {
        switch self {
        case .missing: ExitStatus.missingInput
        case .system: ExitStatus.inputOutput
        case .corrupt, .notJSON, .badField, .corruptMember, .linkMember, .badTensor, .missingTensor,
            .tooLarge:
            ExitStatus.badData
        case .unwritable: ExitStatus.internalError
        }
    }
}
