import Files
import Foundation
import Shards

/// Pictures of a benchmark that a model was trained on, by the digests beside its shards: who finds them
/// again measures what was learnt by heart.
public struct TrainedPictures: Sendable {
    /// Name of the benchmark.
    public let benchmark: String
    private var pictures: Set<Int> = []
    private var trained: Set<Int> = []
    /// Pictures that shards have too, by their name.
    public private(set) var bySource: [(name: String, count: Int)] = []

    /// Different pictures of the benchmark.
    public var count: Int { pictures.count }
    /// Those among them that were trained on.
    public var trainedOn: Int { trained.count }

    /// - Throws: `BenchmarkError`, `FilesError` for a picture that cannot be read
    public init(of questions: [Question], _ reader: ImageReader, benchmark: String) throws {
        self.benchmark = benchmark
        for question in questions {
            guard let bytes = try reader.bytes(of: question) else { continue }
            pictures.insert(SampleDigests.picture(bytes))
        }
    }

    /// Looks for the pictures of several benchmarks in folders of shards.
    ///
    /// - Returns: names of the folders that were packed before digests were kept
    /// - Throws: `ShardsError`, `FilesError` for a folder that is none of shards
    public static func find(
        _ benchmarks: inout [TrainedPictures], in folders: [(name: String, folder: URL)]
    ) throws -> [String] {
        var unknown: [String] = []
        for (name, folder) in folders {
            let samples = try ShardIndex(folder: folder).totals.samples
            guard let digests = try SampleDigests(folder: folder, samples: samples) else {
                unknown.append(name)
                continue
            }
            let trained = Set(digests.pictures)
            for number in benchmarks.indices {
                let found = benchmarks[number].pictures.intersection(trained)
                guard !found.isEmpty else { continue }
                benchmarks[number].trained.formUnion(found)
                benchmarks[number].bySource.append((name, found.count))
            }
        }
        return unknown
    }

    /// `pope: 3 of 500 pictures are trained on (vsr 1, coco 3)`.
    public var text: String {
        let sources = bySource.map { $0.name.isEmpty ? "\($0.count)" : "\($0.name) \($0.count)" }
        return "\(benchmark): \(trainedOn == 0 ? "none" : "\(trainedOn)") of \(count) pictures "
            + "\(trainedOn > 1 ? "are" : "is") trained on"
            + (sources.isEmpty ? "" : " (\(sources.joined(separator: ", ")))")
    }
}
