import Files
import Foundation
import Tensors

/// The weights of a folder, by their canonical names.
final class Checkpoint: WeightSource {
    let folder: URL
    private struct Place {
        let file: SafeTensorsFile
        let entry: TensorEntry

        func equals(_ other: Place) throws -> Bool {
            try file.equals(entry, in: other.file, other.entry)
        }
    }
    private var places: [String: Place] = [:]  // by canonical name
    private var taken: Set<String> = []
    /// Names, as stored, of tensors that are of none of the parts, such as those of CLIP's text model.
    private var strangers: [String] = []
    /// What a user should know about the files: whole sentences.
    private(set) var notices: [String] = []

    /// Opens the files and reads their headers.
    init(folder: URL) throws {
        self.folder = folder
        let files: [SafeTensorsFile]
        (files, notices) = try CheckpointFiles(folder).read()
        for file in files {
            for entry in file.entries {
                guard !CheckpointNames.isDerived(entry.name) else { continue }
                guard let name = CheckpointNames.canonical(entry.name) else {
                    strangers.append(entry.name)
                    continue
                }
                if let other = places[name] {
                    throw ModelsError.duplicateTensor(
                        file: file.path, first: other.entry.name, second: entry.name)
                }
                places[name] = Place(file: file, entry: entry)
            }
        }
    }

    func tensor(_ name: String, shape: [Int]) throws -> Tensor {
        guard let place = places[name] else {
            let near = Spelling.nearest(to: name, among: Array(places.keys)).compactMap {
                places[$0]?.entry.name
            }
            throw ModelsError.missingTensor(place: folder.path, tensor: name, shape: shape, near: near)
        }
        guard place.entry.shape == shape else {
            throw ModelsError.wrongShape(
                file: place.file.path, tensor: place.entry.name, found: place.entry.shape, expected: shape)
        }
        guard [.float32, .bfloat16, .float16].contains(place.entry.dtype) else {
            throw ModelsError.wrongType(
                file: place.file.path, tensor: place.entry.name, found: place.entry.dtype.rawValue)
        }
        let tensor = Tensor(uninitialized: shape)
        try place.file.readFloats(place.entry.name, into: tensor.pointer, count: tensor.count)
        // The squares of float32 fit a double, so their sum is finite just where all numbers are.
        guard tensor.sumOfSquares.isFinite else {
            let index = tensor.values.firstIndex { !$0.isFinite } ?? 0
            throw ModelsError.notFinite(
                file: place.file.path, tensor: place.entry.name, index: index, value: tensor.pointer[index])
        }
        taken.insert(name)
        return tensor
    }

    /// Believes a stored head: where it is not the embedding table, the two are no longer tied, whatever the
    /// configuration says (as in transformers 5).
    func believeHead(_ text: inout TextConfiguration) throws {
        guard text.tiedEmbeddings, let head = places[CheckpointNames.head],
            let table = places[CheckpointNames.embeddings], try !head.equals(table)
        else { return }
        text.tiedEmbeddings = false
        notices.append(
            "\(folder.path): '\(outside: head.entry.name)' is stored and is not the embedding table, but "
                + "config.json says tie_word_embeddings; the stored head is used, and the two are tied no "
                + "longer")
    }

    /// Refuses tensors of these parts that nobody asked for: they belong to another configuration.
    ///
    /// - Parameter vision: the tower whose unused tensors are passed on; nil where tensors of a tower, and of
    ///   parts that are none of ours, do not matter
    func refuseRest(of parts: Set<ModelPart>, tiedHead: Bool, vision: VisionConfiguration? = nil) throws {
        let rest = places.filter { name, _ in
            !taken.contains(name) && parts.contains(ModelPart(name: name))
                && !(tiedHead && name == CheckpointNames.head)
                && !(vision.map { $0.hasPlace(for: name) } ?? false)
        }
        let names = rest.values.map(\.entry.name) + (parts == Set(ModelPart.allCases) ? strangers : [])
        guard names.isEmpty else {
            throw ModelsError.unexpectedTensors(place: folder.path, names: names.sorted())
        }
    }

    /// Tensors of the vision tower beyond the feature layer. They are not computed with, but a rewritten
    /// checkpoint keeps them.
    var unusedVision: [UnusedTensor] {
        places.filter { !taken.contains($0.key) && ModelPart(name: $0.key) == .vision }
            .map { name, place in
                UnusedTensor(name: name, shape: place.entry.shape) { try place.file.floats(place.entry.name) }
            }.sorted { $0.name < $1.name }
    }
}

/// A tensor that is not computed with and only passed on.
struct UnusedTensor {
    let name: String  // canonical
    let shape: [Int]
    let values: () throws -> [Float]
}
