import Files
import Foundation
import Tensors

/// The weights of a folder, by their canonical names.
package final class Checkpoint: WeightSource {
    let folder: URL
    private struct Place {
        let file: SafeTensorsFile
        let entry: TensorEntry

        func equals(_ other: Place) throws -> Bool {
            try file.equals(entry, in: other.file, other.entry)
        }

        /// Parts of the values, row-major, that are in memory at a time.
        var blocks: [Range<Int>] {
            stride(from: 0, to: entry.count, by: 1 << 20).map { $0..<min(entry.count, $0 + 1 << 20) }
        }

        /// Reads a block, and refuses what is not finite.
        func read(_ block: Range<Int>, into values: Tensor) throws {
            try file.readFloats(entry.name, elements: block, into: values.pointer)
            // The squares of float32 fit a double, so their sum is finite just where all numbers are.
            guard values.sumOfSquares.isFinite else {
                let index = values.values.firstIndex { !$0.isFinite } ?? 0
                throw ModelsError.notFinite(
                    file: file.path, tensor: entry.name, index: block.lowerBound + index,
                    value: values.pointer[index])
            }
        }

        func write(as type: ElementType, to sink: any ByteSink, seen: (Tensor) -> Void) throws {
            let room = Tensor(uninitialized: [min(entry.count, 1 << 20), 1])
            for block in blocks {
                let values = room.rows(0..<block.count)
                try read(block, into: values)
                seen(values)
                if type == entry.dtype {
                    try file.withBytes(of: entry.name, elements: block) { try sink.write($0) }
                } else {
                    try values.write(as: type, to: sink)
                }
            }
        }
    }
    private var places: [String: Place] = [:]  // by canonical name
    private var taken: Set<String> = []
    /// Names, as stored, of tensors that are of none of the parts, such as those of CLIP's text model.
    private var strangers: [String] = []
    /// What a user should know about the files: whole sentences.
    package private(set) var notices: [String] = []

    /// Opens the files and reads their headers.
    package init(folder: URL) throws {
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

    private func place(of name: String, _ shape: [Int]) throws -> Place {
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
        guard StoredType(place.entry.dtype) != nil else {
            throw ModelsError.wrongType(
                file: place.file.path, tensor: place.entry.name, found: place.entry.dtype.rawValue)
        }
        return place
    }

    func require(_ name: String, shape: [Int]) throws -> ElementType {
        let place = try place(of: name, shape)
        taken.insert(name)
        return place.entry.dtype
    }

    package func tensor(_ name: String, shape: [Int]) throws -> Tensor {
        let (place, tensor) = (try place(of: name, shape), Tensor(uninitialized: shape))
        let values = tensor.reshaped([tensor.count, 1])
        for block in place.blocks { try place.read(block, into: values.rows(block)) }
        taken.insert(name)
        return tensor
    }

    /// bf16 matrices stay in the file: the memory that holds it is shared by all processes that read it, and
    /// the system may take it back.
    func mapped(_ name: String, shape: [Int], used: [Int]) throws -> HalfTensor? {
        let place = try place(of: name, shape)
        guard place.entry.dtype == .bfloat16, let bytes = place.file.mapped(place.entry),
            let first = bytes.bindMemory(to: UInt16.self).baseAddress
        else { return nil }
        let room = Tensor(uninitialized: [min(place.entry.count, 1 << 20), 1])
        for block in place.blocks { try place.read(block, into: room.rows(0..<block.count)) }
        taken.insert(name)
        return HalfTensor(first, shape: used, of: place.file)
    }

    func write(_ name: String, shape: [Int], as type: ElementType, to sink: any ByteSink) throws {
        try write(name, shape: shape, as: type, to: sink) { _ in }
    }

    /// Writes a weight's values block by block: as they are stored, byte for byte, where the type is the
    /// same.
    ///
    /// - Parameter seen: gets the values, in order
    func write(
        _ name: String, shape: [Int], as type: ElementType, to sink: any ByteSink, seen: (Tensor) -> Void
    ) throws {
        try place(of: name, shape).write(as: type, to: sink, seen: seen)
        taken.insert(name)
    }

    /// Whether it has any weights of a part.
    func holds(_ part: ModelPart) -> Bool { places.keys.contains { ModelPart(name: $0) == part } }

    /// Whether it has a projector like those here.
    var hasTwoLayerProjector: Bool {
        [1, 2].allSatisfy { places["\(CheckpointNames.projector)linear_\($0).weight"] != nil }
    }

    /// Width of the features that its projector takes; nil without one.
    var projectorFeatures: Int? {
        places["\(CheckpointNames.projector)linear_1.weight"]?.entry.shape.last
    }

    /// Believes a stored head: where it is not the embedding table, the two are no longer tied, whatever the
    /// configuration says (as in transformers 5).
    package func believeHead(_ text: inout TextConfiguration) throws {
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
    package func refuseRest(
        of parts: Set<ModelPart>, tiedHead: Bool, vision: VisionConfiguration? = nil
    ) throws {
        let rest = places.filter { name, _ in
            !taken.contains(name) && parts.contains(ModelPart(name: name))
                && !(tiedHead && name == CheckpointNames.head) && name != CheckpointNames.imageNewline
                && !(vision.map { $0.hasPlace(for: name) } ?? false)
        }
        let names = rest.values.map(\.entry.name) + (parts == Set(ModelPart.allCases) ? strangers : [])
        guard names.isEmpty else {
            throw ModelsError.unexpectedTensors(place: folder.path, names: names.sorted())
        }
    }

    /// Tensors of the vision tower beyond the feature layer. They are not computed with, but a rewritten
    /// checkpoint keeps them.
    var unusedVision: [StoredWeight] {
        places.filter { !taken.contains($0.key) && ModelPart(name: $0.key) == .vision }
            .map { name, place in
                StoredWeight(name: name, shape: place.entry.shape, type: place.entry.dtype) { type, sink in
                    try place.write(as: type, to: sink) { _ in }
                }
            }.sorted { $0.name < $1.name }
    }
}
