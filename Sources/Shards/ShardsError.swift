import Files

/// Things that can be wrong with conversations, their images, or shards.
public enum ShardsError: Error, CustomStringConvertible, Equatable {
    /// A sample that cannot be trained on; `on_bad_sample: skip` leaves it out instead.
    case badSample(file: String, place: String, id: String, reason: String)
    case noSamples(files: [String], skipped: Int, first: String? = nil)
    case noImageSource(file: String, place: String, image: String)
    case diskTooSmall(folder: String, neededBytes: Int, freeBytes: Int)
    case notADataset(path: String, problem: String)
    case unknownVersion(path: String, found: String, expected: String)
    case corruptShard(path: String, problem: String)
    case mismatch(path: String, field: String, found: String, expected: String)
    /// Pictures that are not prepared as a model's folder says.
    case otherPictures(path: String, differences: [PictureDifference], model: String)
    /// Two folders of shards that do not make one data set.
    case otherSource(path: String, field: String, found: String, expected: String, of: String)
    /// Shards of another tokenizer than a model's.
    case otherTokenizer(path: String, found: String, expected: String, model: String)

    /// A field of the index, and the setting of `image` in pack-shards' recipe that makes it.
    public struct PictureDifference: Sendable, Equatable {
        public let field: String
        public let setting: String
        public let found: String
        public let expected: String

        public init(field: String, setting: String, found: String, expected: String) {
            (self.field, self.setting, self.found, self.expected) = (field, setting, found, expected)
        }
    }

    public var description: String {
        switch self {
        case .badSample(let file, let place, let id, let reason):
            return "\(file): \(place): sample '\(id)': \(reason); correct it, or set on_bad_sample: skip"
        case .noSamples(let files, let skipped, let first):
            return "\(files.joined(separator: ", ")): no sample is left to pack (\(skipped) skipped)"
                + (first.map { "; the first: \($0)" } ?? "")
        case .noImageSource(let file, let place, let image):
            return
                "\(file): \(place): needs image '\(image)', but no folder or archive of images was given "
                + "(--images)"
        case .diskTooSmall(let folder, let needed, let free):
            return
                "\(folder): packing needs \(needed >> 20) MiB for prepared pixels while it runs, the disk "
                + "has \(free >> 20) MiB free; free some space and run again"
        case .notADataset(let path, let problem):
            return "\(path): not a folder of shards: \(problem); make one with pack-shards"
        case .unknownVersion(let path, let found, let expected):
            return "\(path): format \(found), this version reads \(expected); pack the data again"
        case .corruptShard(let path, let problem):
            return "\(path): the shard is damaged: \(problem); copy or pack it again"
        case .mismatch(let path, let field, let found, let expected):
            return
                "\(path): '\(field)' is \(found), expected \(expected); pack the data with the settings it "
                + "is used with"
        case .otherPictures(let path, let differences, let model):
            let found = differences.map { "'image_processor.\($0.field)' is \($0.found), not \($0.expected)" }
            return
                "\(path): pictures are not prepared as \(model) says: \(found.joined(separator: "; ")); "
                + "pack the data with "
                + differences.map { "--set 'image.\($0.setting)=\($0.expected)'" }.joined(separator: " ")
        case .otherSource(let path, let field, let found, let expected, let other):
            return
                "\(path): '\(field)' is \(found), that of \(other) is \(expected); pack what is trained on "
                + "together with the same settings"
        case .otherTokenizer(let path, let found, let expected, let model):
            return
                "\(path): packed with another tokenizer (\(found.prefix(12))) than that of \(model) "
                + "(\(expected.prefix(12))); pack the data with pack-shards --tokenizer \(model)"
        }
    }
}

extension ShardsError: ExitCoded {
    public var exitCode: Int32 {
        if case .diskTooSmall = self { ExitStatus.inputOutput } else { ExitStatus.badData }
    }
}
