import Files
import Foundation

/// A folder of images, or the archive beside the question files that holds them.
struct ImageFolder {
    private let folder: URL
    private let archive: URL?

    init(_ folder: URL) {
        self.folder = folder
        archive = ["images.zip", "images.tar", "images.tar.gz", "images.tar.zst"].map { folder.file($0) }
            .first(where: \.exists)
    }

    /// The file `path` below the folder; where it is not there, the archive's member of that name, or the
    /// file below the folder's `images`.
    func find(_ path: String) -> ImageSource {
        let file = folder.file(path)
        if file.exists { return .file(file) }
        if let archive { return .archive(archive, member: path) }
        let inside = folder.file("images/\(path)")
        return .file(inside.exists ? inside : file)
    }
}

/// Reads the image files of questions; an archive is opened once for all questions of a batch.
public struct ImageReader {
    private var members: [ExactKey: [UInt8]] = [:]

    /// Reads from archives what these questions need (held in memory until the reader goes) and checks that
    /// every image file exists.
    public init(for questions: [Question]) throws {
        var archives: [(url: URL, members: [String], questions: [QuestionID])] = []
        var places: [ExactKey: Int] = [:]
        for question in questions {
            switch question.image {
            case .archive(let archive, let member):
                let place = places[ExactKey(archive.path)] ?? archives.count
                if place == archives.count {
                    places[ExactKey(archive.path)] = place
                    archives.append((archive, [], []))
                }
                guard members.updateValue([], forKey: ExactKey(archive.path, member)) == nil else { break }
                archives[place].members.append(member)
                archives[place].questions.append(question.id)
            case .file(let url) where !url.exists:
                throw BenchmarkError.missingImage(file: url.path, question: question.id.description)
            case .damaged(let error): throw error
            default: break
            }
        }
        for (archive, wanted, ids) in archives {
            let absent = try Archive.visit(wanted, of: archive) { number, bytes in
                members[ExactKey(archive.path, wanted[number])] = bytes
            }
            guard let (number, reason) = absent.first else { continue }
            if case .link(let target) = reason {
                throw FilesError.linkMember(archive: archive.path, member: wanted[number], target: target)
            }
            throw BenchmarkError.missingImage(
                file: "\(archive.path):\(wanted[number])", question: ids[number].description)
        }
    }

    /// The bytes of the question's image file; nil where it has none.
    public func bytes(of question: Question) throws -> [UInt8]? {
        switch question.image {
        case .none: return nil
        case .bytes(let bytes): return bytes
        case .damaged(let error): throw error
        case .file(let url): return try SourceFile(url).bytes
        case .archive(let archive, let member):
            guard let bytes = members[ExactKey(archive.path, member)] else {
                throw BenchmarkError.missingImage(
                    file: "\(archive.path):\(member)", question: question.id.description)
            }
            return bytes
        }
    }
}
